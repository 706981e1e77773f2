//! What kind of content a file has, by its name.

use segno_core::FilePath;

/// The content type of a file. Text is taken to be UTF-8.
pub(super) fn of(path: &FilePath) -> String {
    let guessed = mime_guess::from_path(path.as_str()).first_raw().unwrap_or("application/octet-stream");
    match guessed.starts_with("text/") {
        true => format!("{guessed}; charset=utf-8"),
        false => guessed.to_owned(),
    }
}
