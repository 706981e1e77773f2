//! The name of a file, checked.

use alloc::{format, string::String, sync::Arc};
use core::{fmt, str::FromStr};

/// The path of a file below the directory that the backend was given: relative, its segments parted by `/`.
///
/// It holds no way out and no surprise: no empty segment, no `.` and no `..`, no backslash, no colon, no control character,
/// and none that begins with a dot, unless it is made by [`with_hidden`](Self::with_hidden).
///
/// ```
/// use segno_core::FilePath;
///
/// let styles: FilePath = "css/app.css".parse()?;
/// assert_eq!(FilePath::new("public")?.join(&styles).as_str(), "public/css/app.css");
/// for text in ["", "/etc/passwd", "../secret", "a//b", "a/", "c:/x", "a\\b", ".env", "a/.git/config"] {
///     assert!(FilePath::new(text).is_err());
/// }
/// # Ok::<_, segno_core::InvalidFilePath>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct FilePath(Arc<str>);

impl FilePath {
    /// This text as a path.
    ///
    /// # Errors
    ///
    /// If a segment of it is empty, hidden, or not a plain name.
    pub fn new(text: &str) -> Result<Self, InvalidFilePath> {
        match text.split('/').any(|segment| segment.starts_with('.')) {
            true => Err(InvalidFilePath(format!("{text:?} holds a segment that begins with a dot"))),
            false => Self::with_hidden(text),
        }
    }

    /// This text as a path whose segments may begin with a dot, such as `.well-known/security.txt`.
    ///
    /// # Errors
    ///
    /// If a segment of it is empty, or not a plain name.
    pub fn with_hidden(text: &str) -> Result<Self, InvalidFilePath> {
        let is_plain = |segment: &str| {
            let special = |letter: char| letter.is_control() || matches!(letter, '\\' | ':');
            !matches!(segment, "" | "." | "..") && !segment.contains(special)
        };
        match text.split('/').all(is_plain) {
            true => Ok(Self(text.into())),
            false => Err(InvalidFilePath(format!("{text:?} holds a segment that is empty or not a plain name"))),
        }
    }

    /// The path that follows this one, below it.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(format!("{self}/{below}").into())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FilePath {
    type Err = InvalidFilePath;

    fn from_str(text: &str) -> Result<Self, InvalidFilePath> {
        Self::new(text)
    }
}

/// For what was written down, where hidden names have their reason.
impl TryFrom<String> for FilePath {
    type Error = InvalidFilePath;

    fn try_from(text: String) -> Result<Self, InvalidFilePath> {
        Self::with_hidden(&text)
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        Self::from(path.as_str())
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no [`FilePath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path for a file: {0}")]
pub struct InvalidFilePath(String);
