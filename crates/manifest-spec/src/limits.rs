//! Bounds on input. Each is generous to real spec files and final to hostile ones.

/// The largest file that is read, in bytes: 16 MiB. Ten thousand lists of eight images have some 10 MiB.
pub const FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The most values of one document, those that aliases repeat included: 1,000,000. Ten thousand lists of eight images have
/// half of it. Nine anchors of nine aliases each would have a thousand million.
pub const DOCUMENT_VALUES: usize = 1_000_000;

/// The deepest nesting of a document. The format has some 8 levels.
pub const DEPTH: usize = 32;

/// The most files of one run, included ones counted each time.
pub const FILES: usize = 10_000;

/// The most lists of one run.
pub const LISTS: usize = 100_000;

/// The size of the lists of one run in memory, in bytes: 256 MiB. Ten thousand lists of eight images have some 20 MiB. Defaults
/// with large annotations could multiply a small file.
pub const LIST_BYTES: usize = 256 * 1024 * 1024;

/// The deepest chain of files that include each other.
pub const INCLUDE_DEPTH: usize = 16;

/// The most errors that are reported together.
pub const ERRORS: usize = 20;

/// The number of errors after which the rest of the input is not read.
pub const COUNTED_ERRORS: usize = 1000;

/// The most warnings that are reported together.
pub const WARNINGS: usize = 100;

/// The longest text of a file that a message quotes, in characters.
pub const QUOTED_CHARS: usize = 100;

/// The longest reason in a message that comes from another part of the program, and may quote text of a file, in characters.
pub const REASON_CHARS: usize = 200;

/// The longest value of a scalar after its variables are filled in, in bytes: 64 KiB.
pub const SUBSTITUTED_BYTES: usize = 64 * 1024;

/// The size of all scalars of one run with their variables filled in, in bytes: 64 MiB. Scalars without variables do not count.
pub const RUN_SUBSTITUTED_BYTES: usize = 64 * 1024 * 1024;

/// The most variables that a file and those that include it declare.
pub const VARIABLES: usize = 1000;

/// The deepest nesting of variables in the defaults of variables.
pub const VARIABLE_DEPTH: usize = 16;
