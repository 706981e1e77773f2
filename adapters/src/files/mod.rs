//! A handler that serves files: with the right type, validators, ranges, and no way out of the directory.
//!
//! ```
//! use segno::{Router, files};
//!
//! let router: Router = Router::new()
//!     .get("/", files::file("index.html").handler())
//!     .get("/assets/{*path}", files::directory("assets").cache_control("public, max-age=3600").handler());
//! ```
//!
//! The paths are below the directory that [`Backend::files`](crate::smol::Backend::files) was given; in a test, the files
//! are those of [`World::file`](crate::testing::World::file), or a script's.
//!
//! A response has an `ETag`, made of the file's length and the time of its last change to the nanosecond: it is strong, so
//! that a download can be [resumed](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5), and a file system with coarser
//! times is fooled only by a file that changes twice within one of its ticks and keeps its length. Conditional requests
//! and one range are answered as RFC 9110 says; of several ranges, nobody needs 206 in parts, and all of the file is sent.
//! If a file changes while it is sent, the connection is cut.

mod conditions;
mod content_type;
mod handler;

use std::sync::Arc;

use http::HeaderValue;
use segno_core::{
    EffectSet, FileInfo, FilePath, HandlerFuture, Has, InvalidFilePath, Io, ReadFile, Request, Respond, Write,
};

/// Serves the files below this directory. `""` is the backend's directory itself.
///
/// The route must have a parameter `path`: `/assets/{*path}`. A directory that has an `index.html` is shown by that, at a
/// path with a slash at its end; it is never listed. Names that begin with a dot are not there, unless
/// [`with_hidden`](Files::with_hidden) says otherwise.
///
/// # Panics
///
/// If it is not a path for a directory: a mistake in the program, which shows when it starts.
#[track_caller]
pub fn directory(path: &str) -> Files {
    let below = if path.is_empty() { None } else { Some(checked(FilePath::with_hidden(path))) };
    Files::new(Place::Directory(below))
}

/// Serves one file, whatever the route.
///
/// # Panics
///
/// If it is not a path for a file: a mistake in the program, which shows when it starts.
#[track_caller]
pub fn file(path: &str) -> Files {
    Files::new(Place::File(checked(FilePath::with_hidden(path))))
}

/// Files to be served: see [`directory`] and [`file()`].
#[derive(Clone, Debug)]
#[must_use = "`handler` makes a handler of it"]
pub struct Files {
    place: Place,
    cache_control: Option<HeaderValue>,
    with_hidden: bool,
}

#[derive(Clone, Debug)]
enum Place {
    /// None is the backend's directory itself.
    Directory(Option<FilePath>),
    File(FilePath),
}

impl Files {
    fn new(place: Place) -> Self {
        Self { place, cache_control: None, with_hidden: false }
    }

    /// Sets the field `Cache-Control`. Without it, clients guess how long a file stays as it is.
    ///
    /// # Panics
    ///
    /// If it cannot stand in a header field: a mistake in the program, which shows when it starts.
    #[track_caller]
    pub fn cache_control(mut self, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.cache_control = Some(value),
            Err(error) => panic!("{value:?} cannot stand in `Cache-Control`: {error}"),
        }
        self
    }

    /// Serves names that begin with a dot as well, such as `.well-known`. Mind what else is there: `.git`, `.env`.
    pub fn with_hidden(mut self) -> Self {
        self.with_hidden = true;
        self
    }

    /// The handler, for a [`Router`](crate::Router): it answers GET and HEAD.
    pub fn handler<S>(self) -> impl Fn(Io<S>, Request) -> HandlerFuture + Clone + Send + Sync + 'static
    where
        S: EffectSet + Has<FileInfo> + Has<ReadFile> + Has<Respond> + Has<Write>,
    {
        let files = Arc::new(self);
        move |io, request| {
            let files = files.clone();
            Box::pin(async move { handler::serve(&files, io, request).await })
        }
    }
}

#[track_caller]
fn checked(path: Result<FilePath, InvalidFilePath>) -> FilePath {
    match path {
        Ok(path) => path,
        Err(error) => panic!("{error}"),
    }
}
