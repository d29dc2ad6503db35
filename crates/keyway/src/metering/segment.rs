//! One journal file: a fixed number of bytes reserved ahead, written at own offsets.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Ending of a journal file.
pub const ENDING: &str = "kwj";
/// Ending added to a file found damaged: such a file is never deleted.
pub const DAMAGED: &str = "damaged";

/// Which file of which shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Worker that writes it.
    pub shard: u32,
    /// Its number, from 0; gaps are allowed.
    pub segment: u32,
}

impl Name {
    /// The file's path.
    #[must_use]
    pub fn path(self, dir: &Path) -> PathBuf {
        dir.join(format!("{:04}-{:010}.{ENDING}", self.shard, self.segment))
    }

    /// Reads a file's name; the flag says that it was found damaged.
    #[must_use]
    pub fn parse(file: &str) -> Option<(Self, bool)> {
        let (file, damaged) = match file.strip_suffix(DAMAGED) {
            Some(file) => (file.strip_suffix('.')?, true),
            None => (file, false),
        };
        let (shard, segment) = file.strip_suffix(ENDING)?.strip_suffix('.')?.split_once('-')?;
        Some((Self { shard: shard.parse().ok()?, segment: segment.parse().ok()? }, damaged))
    }
}

/// Sets a damaged file aside under a name that nothing deletes; its new path.
///
/// # Errors
/// The file system refused.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".");
    aside.push(DAMAGED);
    std::fs::rename(path, &aside)?;
    Ok(aside.into())
}

/// A file open for writing.
#[derive(Debug)]
pub struct Segment {
    file: File,
    /// Its name.
    pub name: Name,
    /// Bytes reserved.
    pub bytes: u32,
    #[cfg(test)]
    pub(super) fault: super::tests::faults::Faults,
}

/// What a segment is made with.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The boot's folder.
    pub dir: PathBuf,
    /// Bytes of each segment.
    pub bytes: u32,
    #[cfg(test)]
    pub(super) fault: super::tests::faults::Faults,
}

impl Plan {
    /// Segments of `bytes` in `dir`.
    #[must_use]
    pub fn new(dir: PathBuf, bytes: u32) -> Self {
        Self {
            dir,
            bytes,
            #[cfg(test)]
            fault: Default::default(),
        }
    }

    /// Makes the folder, readable by its owner alone.
    ///
    /// # Errors
    /// The file system refused.
    pub fn make_dir(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)
    }

    /// Makes an empty segment with its space reserved.
    ///
    /// # Errors
    /// The file system refused, for example because it is full.
    pub fn make(&self, name: Name) -> io::Result<Segment> {
        #[cfg(test)]
        self.fault.on_make()?;
        let path = name.path(&self.dir);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        if let Err(error) = reserve(&file, self.bytes) {
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(Segment {
            file,
            name,
            bytes: self.bytes,
            #[cfg(test)]
            fault: self.fault.clone(),
        })
    }
}

/// Reserves the space: what is written into it later cannot meet a full disk. Reads as zeros.
fn reserve(file: &File, bytes: u32) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::empty(), 0, u64::from(bytes)) {
        Ok(()) => Ok(()),
        // A file system without reservation: the zeros are written.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
            let zeros = [0; 64 * 1024];
            let mut offset = 0;
            while offset < bytes as usize {
                let part = zeros.len().min(bytes as usize - offset);
                file.write_all_at(&zeros[..part], offset as u64)?;
                offset += part;
            }
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

impl Segment {
    /// Writes a record by one system call; fewer bytes than given is an error of kind `WriteZero`.
    ///
    /// # Errors
    /// The file system refused, or took a part only.
    pub fn write(&self, record: &[u8], offset: u32) -> io::Result<()> {
        #[cfg(test)]
        if let Some(length) = self.fault.on_write(record.len())? {
            let _ = self.file.write_at(&record[..length], u64::from(offset));
            return Err(io::ErrorKind::WriteZero.into());
        }
        loop {
            return match self.file.write_at(record, u64::from(offset)) {
                Ok(length) if length == record.len() => Ok(()),
                Ok(_) => Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
        }
    }

    /// Cuts off what a failed write may have left, as far as the file system lets.
    pub fn cut(&self, offset: u32) {
        let _ = self.file.set_len(u64::from(offset));
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// The file system refused.
    pub fn read(&self, into: &mut [u8], offset: u32) -> io::Result<()> {
        self.file.read_exact_at(into, u64::from(offset))
    }
}
