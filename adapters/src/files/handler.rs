//! From a request to the file that it names, and from the file to the response.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use segno_core::{
    Error, FileError, FileErrorKind, FileInfo, FileKind, FilePath, FileVersion, Has, Io, ReadFile, Request, Respond,
    Response, ResponseHead, Result, Write,
};

use super::{
    Files, Place,
    conditions::{Validators, Wanted, put_range},
    content_type,
};

/// Answers a request.
pub(super) async fn serve<S>(files: &Files, mut io: Io<S>, request: Request) -> Result<Response>
where
    S: Has<FileInfo> + Has<ReadFile> + Has<Respond> + Has<Write>,
{
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(Response::text("Method Not Allowed\n").status(405).header("allow", "GET, HEAD")?);
    }
    let (path, is_index) = named(files, &request)?;
    match io.file_info(&path).await.map_err(shown)? {
        Some(FileKind::File(version)) => send(files, &mut io, &request, &path, version).await,
        Some(FileKind::Directory) if !is_index => match io.file_info(&path.join(&index()?)).await.map_err(shown)? {
            // The links of a page are relative to its directory.
            Some(FileKind::File(_)) => with_slash(&request),
            Some(FileKind::Directory) | None => Err(not_found()),
        },
        Some(FileKind::Directory) | None => Err(not_found()),
    }
}

/// The path that the request names, and whether it is the index of a directory.
fn named(files: &Files, request: &Request) -> Result<(FilePath, bool)> {
    let below = match &files.place {
        Place::File(path) => return Ok((path.clone(), false)),
        Place::Directory(below) => below,
    };
    // What a proxy takes for one segment must not be two here.
    let target = request.path().to_ascii_lowercase();
    if ["%2f", "%5c"].iter().any(|separator| target.contains(separator)) {
        return Err(not_found());
    }
    let name: String = request.param(PARAM)?;
    let (name, is_index) = name.strip_suffix('/').map_or((&*name, false), |name| (name, true));
    let name = if files.with_hidden { FilePath::with_hidden(name) } else { FilePath::new(name) };
    let name = name.map_err(|error| not_found().because(error))?;
    let path = below.as_ref().map_or_else(|| name.clone(), |below| below.join(&name));
    Ok((if is_index { path.join(&index()?) } else { path }, is_index))
}

/// Sends the client to the same place with a slash at its end, relative to where it is.
fn with_slash(request: &Request) -> Result<Response> {
    let segment = request.path().rsplit('/').next().unwrap_or_default();
    let query = request.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(Response::new(301, "").header("location", &format!("./{segment}/{query}"))?)
}

/// Sends what the request wants of the file.
async fn send<S>(
    files: &Files,
    io: &mut Io<S>,
    request: &Request,
    path: &FilePath,
    version: FileVersion,
) -> Result<Response>
where
    S: Has<ReadFile> + Has<Respond> + Has<Write>,
{
    let validators = Validators::of(version).ok_or_else(|| {
        Error::status(500, "Internal Server Error").because(format!("the file `{path}` is of an impossible time"))
    })?;
    let mut head = ResponseHead::new(200);
    validators.put(&mut head.headers);
    if let Some(value) = &files.cache_control {
        head.headers.insert(header::CACHE_CONTROL, value.clone());
    }
    let without_body = |status, mut head: ResponseHead| {
        head.status = status;
        Ok((head, "").into())
    };
    let part = match validators.judge(request, version.length) {
        Wanted::Whole => 0..version.length,
        Wanted::Part(part) => {
            head.status = StatusCode::PARTIAL_CONTENT;
            put_range(&mut head.headers, Some(part.clone()), version.length);
            part
        }
        Wanted::NoSuchPart => {
            put_range(&mut head.headers, None, version.length);
            return without_body(StatusCode::RANGE_NOT_SATISFIABLE, head);
        }
        Wanted::NotModified => return without_body(StatusCode::NOT_MODIFIED, head),
        Wanted::Failed => return without_body(StatusCode::PRECONDITION_FAILED, head),
    };
    head = head.header("content-type", &content_type::of(path))?;
    head.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    head.headers.insert(header::CONTENT_LENGTH, (part.end - part.start).into());
    match request.method == Method::HEAD {
        true => Ok((head, "").into()),
        false => body(io, head, path, version, part).await,
    }
}

/// Sends a part of the file: at once if it is short, piece by piece if it is not.
async fn body<S>(
    io: &mut Io<S>,
    head: ResponseHead,
    path: &FilePath,
    version: FileVersion,
    mut part: Range<u64>,
) -> Result<Response>
where
    S: Has<ReadFile> + Has<Respond> + Has<Write>,
{
    // Before the head, so that a file that cannot be read is an error, and no torn response.
    let mut piece = if part.is_empty() { Bytes::new() } else { read(io, path, version, &mut part).await? };
    if part.is_empty() {
        return Ok((head, piece).into());
    }
    let mut out = io.respond(head).await?;
    loop {
        out.write(io, piece).await?;
        if part.is_empty() {
            return Ok(out.end());
        }
        piece = read(io, path, version, &mut part).await?;
    }
}

/// Reads the next piece, and takes it off what is left.
async fn read<S: Has<ReadFile>>(
    io: &mut Io<S>,
    path: &FilePath,
    version: FileVersion,
    left: &mut Range<u64>,
) -> Result<Bytes> {
    let piece = io.read_file(path, version, left.clone()).await.map_err(shown)?.0;
    if piece.is_empty() {
        let cause = format!("the file `{path}` has less in it than its length says");
        return Err(Error::status(500, "Internal Server Error").because(cause));
    }
    left.start += piece.len() as u64;
    Ok(piece)
}

/// What a client may know of it.
fn shown(error: FileError) -> Error {
    match error.kind {
        // Whoever may not see a file need not know that it is there.
        FileErrorKind::NotFound | FileErrorKind::Denied => not_found().because(error),
        FileErrorKind::Changed => Error::status(503, "the file is being changed: try again").because(error),
        FileErrorKind::NoDirectory | FileErrorKind::System | FileErrorKind::Stopped(_) | _ => error.into(),
    }
}

fn not_found() -> Error {
    Error::status(404, "Not Found")
}

fn index() -> Result<FilePath> {
    Ok("index.html".parse()?)
}

/// The name of the route's parameter.
const PARAM: &str = "path";
