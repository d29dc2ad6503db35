//! Changes bytes as a fuzzer does, from a fixed seed, so that a failure comes again.

/// Longest input made, bytes.
const BYTES_MAX: usize = 4096;
/// Most changes made to one input.
const CHANGES_MAX: usize = 8;
/// Bytes that readers stumble over.
const ODD: &[u8] = b"\0\x01\x7f\x80\xff\r\n\t \":,{}[]\\-+0";

/// Makes inputs out of seeds and a dictionary.
pub struct Mutator<'a> {
    state: u64,
    seeds: &'a [Vec<u8>],
    words: &'a [&'a str],
}

impl<'a> Mutator<'a> {
    /// `seeds` must not be empty.
    pub fn new(seeds: &'a [Vec<u8>], words: &'a [&'a str]) -> Self {
        Self { state: 0x9e37_79b9_7f4a_7c15, seeds, words }
    }

    /// xorshift64: below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % bound
    }

    /// The next input.
    pub fn next(&mut self) -> Vec<u8> {
        let seed = self.below(self.seeds.len());
        let mut input = self.seeds[seed].clone();
        for _ in 0..=self.below(CHANGES_MAX) {
            self.change(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let to = (at + self.below(24)).min(input.len());
        match self.below(8) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = ODD[self.below(ODD.len())],
            2 => drop(input.drain(at..to)),
            3 => {
                let copy = input[at..to].to_vec();
                let place = self.below(input.len() + 1);
                input.splice(place..place, copy);
            }
            4 => {
                let odd = ODD[self.below(ODD.len())];
                input.insert(at, odd);
            }
            5 => {
                let other = &self.seeds[self.below(self.seeds.len())];
                let from = other.len() / 2;
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            6 => input.truncate(at),
            _ => {
                let word = self.words[self.below(self.words.len())];
                input.splice(at..at, word.bytes());
            }
        }
    }
}
