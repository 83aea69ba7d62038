//! Where things are kept for a while that may be too long for memory.

use std::fmt;
use std::io::{self, Cursor, Read, Seek, Write};

/// Something that keeps bytes: a file that nobody else knows, or memory.
pub trait Keep: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Keep for T {}

/// What gives room to keep bytes in.
#[derive(Clone, Copy)]
pub struct Space {
    room: fn() -> io::Result<Box<dyn Keep>>,
    ahead: bool,
}

impl Space {
    /// In memory, for what is not long.
    pub const MEMORY: Space = Space::new(|| Ok(Box::new(Cursor::new(Vec::new()))));

    /// Wherever this function finds room.
    pub const fn new(room: fn() -> io::Result<Box<dyn Keep>>) -> Self {
        Self { room, ahead: false }
    }

    /// The same, where records that are kept there are read in a thread of their own while one goes
    /// through them.
    #[must_use]
    pub const fn read_ahead(self) -> Self {
        Self { ahead: true, ..self }
    }

    /// Whether records are.
    pub(super) const fn is_read_ahead(self) -> bool {
        self.ahead
    }

    /// Room for one thing.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn room(self) -> io::Result<Box<dyn Keep>> {
        (self.room)()
    }
}

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Space")
    }
}
