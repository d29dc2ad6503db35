//! What is asked of a password, and why. Length is what counts; words that everybody tries do not.

/// Characters of a password at least.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Characters of a password at most: a bound for the hash, not for anybody's taste.
pub const PASSWORD_CHARS_MAX: usize = 256;
/// Different characters at least.
const DIFFERENT_MIN: usize = 5;
/// Parts of an address or a name shorter than this are in half of all passwords.
const OWN_PART_CHARS_MIN: usize = 4;

/// What lists of stolen passwords are full of; a password that is little more than one of these is
/// found at once.
const COMMON: &str = include_str!("data/common_passwords.txt");
/// Characters that may stand around a common word without making it less common.
const PADDING_CHARS_MAX: usize = 6;

/// Why a password will not do for somebody, every reason at once; empty when it will.
#[must_use]
pub fn complaints(password: &str, email: &str, name: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let chars: Vec<char> = password.chars().collect();
    if chars.len() < PASSWORD_CHARS_MIN {
        found.push("It is shorter than 10 characters.");
    }
    if chars.len() > PASSWORD_CHARS_MAX {
        found.push("It is longer than 256 characters.");
    }
    let lower = password.to_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    if !chars.is_empty() && different.len() < DIFFERENT_MIN {
        found.push("It has fewer than 5 different characters.");
    }
    if is_run(&lower) {
        found.push("Its characters only follow one another, like 12345 or abcde.");
    }
    let core: String = lower.chars().filter(|c| c.is_alphanumeric() || "@$!".contains(*c)).collect();
    let is_common = |word: &str| core.contains(word) && core.len() <= word.len() + PADDING_CHARS_MAX;
    if COMMON.lines().any(is_common) {
        found.push("It is little more than a word that everybody tries first.");
    }
    let own = email.split(['@', '.', '+', '-', '_']).chain(name.split_whitespace());
    let own = own.filter(|part| part.chars().count() >= OWN_PART_CHARS_MIN).map(str::to_lowercase);
    if own.into_iter().any(|part| lower.contains(&part) && lower.len() <= part.len() + PADDING_CHARS_MAX) {
        found.push("It is little more than your name or your address.");
    }
    found
}

/// Whether nearly every character is the neighbour of the one before.
fn is_run(text: &str) -> bool {
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let steps = codes.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 1).count();
    codes.len() > 3 && steps + 2 >= codes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_all_at_once_and_good_ones_pass() {
        let count = |password: &str| complaints(password, "ada.lovelace@example.com", "Ada Lovelace").len();
        for good in ["violet-harbour-27", "k8#Qz!v0Lm2p", "ein langer satz ohne sinn", "пароль-длинный-7"]
        {
            assert_eq!(count(good), 0, "{good}");
        }
        for (bad, reasons) in [
            ("short1!", 1),
            ("aaaaaaaaaaaa", 2),
            ("1234567890", 1),
            ("Password123!", 1),
            ("lovelace1843", 1),
            ("qwerty", 2),
            ("", 1),
        ] {
            assert_eq!(count(bad), reasons, "{bad}: {:?}", complaints(bad, "ada.lovelace@example.com", ""));
        }
        assert_eq!(count(&"x y z w q".repeat(40)), 1, "too long");
    }
}
