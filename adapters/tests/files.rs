//! Files, without a disk: what a request gets of them, and what it never gets.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{fs, ops::Range, sync::Arc, time::Duration};

use segno::{
    Chunk, FileError, FileErrorKind, FileInfo, FileKind, FilePath, FileVersion, Happened, Perform, ReadFile, Router,
    Standard, Timestamp, files,
    smol::Backend,
    testing::{Script, TestRequest, World, explore, file_info, get, head, post, read_file, script},
};

const TEXT: &str = "dal segno al fine";

/// The tag of [`TEXT`] in the version of these tests.
const TAG: &str = "\"de0b6b3a7640000-11\"";
const DATE: &str = "Sun, 09 Sep 2001 01:46:40 GMT";
const LATER: &str = "Sun, 09 Sep 2001 01:46:41 GMT";
const EARLIER: &str = "Sun, 09 Sep 2001 01:46:39 GMT";

fn version(length: u64) -> FileVersion {
    let modified = Timestamp::from_unix(Duration::new(1_000_000_000, 0));
    FileVersion { length, modified }
}

fn file(length: u64) -> Option<FileKind> {
    Some(FileKind::File(version(length)))
}

fn router() -> Router {
    Router::new().get("/{*path}", files::directory("public").cache_control("max-age=60").handler())
}

/// The fields of a request.
type Fields<'a> = &'a [(&'a str, &'a str)];

/// A script of a request for a file with [`TEXT`] in it.
fn asked(request: TestRequest) -> Script<Standard> {
    script(router(), request).expect(file_info("public/a.txt"), file(17))
}

#[test]
fn a_short_file_is_sent_at_once_with_all_that_is_known_of_it() {
    asked(get("/a.txt"))
        .expect(read_file("public/a.txt", 0..17), Chunk(TEXT.into()))
        .responds(200)
        .header("content-type", "text/plain; charset=utf-8")
        .header("x-content-type-options", "nosniff")
        .header("content-length", "17")
        .header("accept-ranges", "bytes")
        .header("cache-control", "max-age=60")
        .header("last-modified", DATE)
        .header("etag", TAG)
        .body(TEXT);
}

#[test]
fn head_is_answered_without_a_read() {
    asked(head("/a.txt")).responds(200).header("content-length", "17").body("");
    asked(head("/a.txt").header("range", "bytes=0-3")).responds(200).header("content-length", "17");
}

#[test]
fn an_empty_file_is_an_empty_body() {
    script(router(), get("/a.txt")).expect(file_info("public/a.txt"), file(0)).responds(200).body("");
}

#[test]
fn types_follow_from_names() {
    let types = [
        ("a.css", "text/css; charset=utf-8"),
        ("a.html", "text/html; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.tar.gz", "application/gzip"),
        ("a", "application/octet-stream"),
        ("a.HTML", "text/html; charset=utf-8"),
    ];
    for (name, kind) in types {
        script(router(), head(&format!("/{name}")))
            .expect(file_info(&format!("public/{name}")), file(1))
            .responds(200)
            .header("content-type", kind);
    }
}

/// Of RFC 9110, sections 13.1 and 13.2.
#[test]
fn conditions_decide_whether_anything_is_sent() {
    let (tag, weak) = (TAG, format!("W/{TAG}"));
    let (list, strong_list) = (format!("\"x\", W/{tag}"), format!("\"x\", {tag}"));
    let cases: &[(Fields<'_>, u16)] = &[
        (&[("if-none-match", tag)], 304),
        (&[("if-none-match", &weak)], 304),
        (&[("if-none-match", &list)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "\"x\"")], 200),
        (&[("if-modified-since", DATE)], 304),
        (&[("if-modified-since", LATER)], 304),
        (&[("if-modified-since", EARLIER)], 200),
        (&[("if-modified-since", "some day")], 200),
        // The tag decides, if there is one.
        (&[("if-none-match", "\"x\""), ("if-modified-since", DATE)], 200),
        (&[("if-none-match", tag), ("if-modified-since", EARLIER)], 304),
        (&[("if-match", tag)], 200),
        (&[("if-match", &strong_list)], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", &weak)], 412),
        (&[("if-match", "\"x\"")], 412),
        (&[("if-unmodified-since", DATE)], 200),
        (&[("if-unmodified-since", LATER)], 200),
        (&[("if-unmodified-since", EARLIER)], 412),
        (&[("if-unmodified-since", "some day")], 200),
        (&[("if-match", tag), ("if-unmodified-since", EARLIER)], 200),
        (&[("if-match", "\"x\""), ("if-none-match", tag)], 412),
        (&[("if-match", tag), ("if-none-match", tag)], 304),
        // The conditions come before the range.
        (&[("if-none-match", tag), ("range", "bytes=0-1")], 304),
        (&[("if-match", "\"x\""), ("range", "bytes=99-")], 412),
    ];
    for (fields, status) in cases {
        let request = fields.iter().fold(head("/a.txt"), |request, (name, value)| request.header(name, value));
        let responded = asked(request).responds(*status).header("etag", tag).header("last-modified", DATE);
        assert_eq!(responded.text(), "", "{fields:?}");
    }
}

/// Of RFC 9110, sections 13.1.5 and 14.
#[test]
fn one_range_is_a_part_and_what_is_no_range_is_the_whole() {
    let (tag, weak) = (TAG, format!("W/{TAG}"));
    let parts: &[(Fields<'_>, Range<usize>)] = &[
        (&[("range", "bytes=0-2")], 0..3),
        (&[("range", "bytes=4-8")], 4..9),
        (&[("range", "bytes=4-")], 4..17),
        (&[("range", "bytes=-4")], 13..17),
        (&[("range", "bytes=-99")], 0..17),
        (&[("range", "bytes=0-99")], 0..17),
        (&[("range", "bytes=16-16")], 16..17),
        (&[("range", "BYTES=0-2")], 0..3),
        (&[("range", "bytes=0-2,99-")], 0..3),
        (&[("range", "bytes=0-2"), ("if-range", tag)], 0..3),
    ];
    for (fields, part) in parts {
        let request = fields.iter().fold(get("/a.txt"), |request, (name, value)| request.header(name, value));
        let range = part.start as u64..part.end as u64;
        asked(request)
            .expect(read_file("public/a.txt", range), Chunk(TEXT[part.clone()].into()))
            .responds(206)
            .header("content-range", &format!("bytes {}-{}/17", part.start, part.end - 1))
            .header("content-length", &part.len().to_string())
            .header("content-type", "text/plain; charset=utf-8")
            .body(&TEXT[part.clone()]);
    }
    let wholes: &[Fields<'_>] = &[
        &[("range", "bytes=0-2,4-5")],
        &[("range", "bytes=2-0")],
        &[("range", "bytes=a-b")],
        &[("range", "bytes=")],
        &[("range", "bytes")],
        &[("range", "lines=0-2")],
        &[("range", "bytes=+0-2")],
        &[("range", "bytes=0-2"), ("range", "bytes=4-5")],
        &[("range", "bytes=0-2"), ("if-range", "\"x\"")],
        &[("range", "bytes=0-2"), ("if-range", &weak)],
        // A date is no strong validator.
        &[("range", "bytes=0-2"), ("if-range", DATE)],
        &[("range", "bytes=99-"), ("if-range", "\"x\"")],
    ];
    for fields in wholes {
        let request = fields.iter().fold(get("/a.txt"), |request, (name, value)| request.header(name, value));
        asked(request).expect(read_file("public/a.txt", 0..17), Chunk(TEXT.into())).responds(200).body(TEXT);
    }
    for range in ["bytes=17-", "bytes=99-100", "bytes=-0", "bytes=18446744073709551615-"] {
        asked(get("/a.txt").header("range", range)).responds(416).header("content-range", "bytes */17").body("");
    }
}

#[test]
fn a_directory_is_shown_by_its_index_at_a_path_with_a_slash() {
    let index = || file_info("public/docs/index.html");
    let directory = || Some(FileKind::Directory);
    script(router(), get("/docs/"))
        .expect(index(), file(17))
        .expect(read_file("public/docs/index.html", 0..17), Chunk(TEXT.into()))
        .responds(200)
        .header("content-type", "text/html; charset=utf-8");
    script(router(), get("/docs?a=1"))
        .expect(file_info("public/docs"), directory())
        .expect(index(), file(17))
        .responds(301)
        .header("location", "./docs/?a=1");
    // Nobody learns of a directory that has no index.
    script(router(), get("/docs")).expect(file_info("public/docs"), directory()).expect(index(), None).responds(404);
    script(router(), get("/docs/")).expect(index(), directory()).responds(404);
    script(router(), get("/a.txt/")).expect(file_info("public/a.txt/index.html"), None).responds(404);
}

/// Each of these is refused before anything is asked for.
#[test]
fn no_path_leads_out_of_the_directory() {
    let paths = [
        "/..",
        "/../",
        "/../a.txt",
        "/../../etc/passwd",
        "/docs/..",
        "/docs/../../a",
        "/./a.txt",
        "/docs/./a",
        "/docs/.",
        "//etc/passwd",
        "///etc/passwd",
        "/docs//a",
        "//",
        "/%2e%2e/a",
        "/%2E%2E/a",
        "/.%2e/a",
        "/%2e./a",
        "/..%2fa",
        "/..%2Fa",
        "/%2e%2e%2fa",
        "/%2fetc/passwd",
        "/docs%2fa.txt",
        "/%5c..%5ca",
        "/..%5ca",
        "/..%5C..%5Ca",
        "/docs%5Ca",
        "/a%00.txt",
        "/%00",
        "/a%0a",
        "/a%7f",
        "/c:/windows",
        "/C:%5cwindows",
        "/a.txt::$DATA",
        "/.env",
        "/.git/config",
        "/docs/.htaccess",
        "/%2eenv",
        "/.",
        "/.../a",
        "/%2e",
        "/%252e%252e/.env",
        "/a/%2e%2e",
    ];
    assert!(paths.len() > 40);
    for path in paths {
        script(router(), get(path)).responds(404);
    }
    // Decoded once: after that it is a name like any other.
    script(router(), get("/%252e%252e/a")).expect(file_info("public/%2e%2e/a"), None).responds(404);
    script(router(), get("/caf%C3%A9")).expect(file_info("public/café"), None).responds(404);
    script(router(), get("/caf%E9")).responds(400);
}

#[test]
fn hidden_names_are_there_if_the_program_says_so() {
    let files = || files::directory(".well-known").with_hidden().handler();
    let router = || -> Router { Router::new().get("/.well-known/{*path}", files()) };
    script(router(), get("/.well-known/.a")).expect(file_info(".well-known/.a"), None).responds(404);
    script(router(), get("/.well-known/../.a")).responds(404);
}

#[test]
fn one_file_is_served_at_whatever_path() {
    let icon: Router = Router::new().get("/favicon.ico", files::file("icons/small.ico").handler());
    script(icon, head("/favicon.ico"))
        .expect(file_info("icons/small.ico"), file(9))
        .responds(200)
        .header("content-type", "image/x-icon");
    script::<Standard>(files::file("a").handler(), post("/a")).responds(405).header("allow", "GET, HEAD");
}

#[test]
fn what_cannot_be_read_is_not_there_or_an_error_without_details() {
    let error = |kind| FileError::new(kind, Happened::No, "/srv/secret/a.txt");
    let cases = [
        (FileErrorKind::NotFound, 404, "Not Found"),
        (FileErrorKind::Denied, 404, "Not Found"),
        (FileErrorKind::Changed, 503, "the file is being changed: try again"),
        (FileErrorKind::System, 500, "Internal Server Error"),
        (FileErrorKind::NoDirectory, 500, "Internal Server Error"),
    ];
    for (kind, status, text) in cases {
        let read = read_file("public/a.txt", 0..17);
        asked(get("/a.txt")).expect_error(read, error(kind)).responds(status).body(text);
    }
    script(router(), get("/a")).expect_error(file_info("public/a"), error(FileErrorKind::Denied)).responds(404);
}

/// A file of three pieces.
fn long() -> Vec<u8> {
    (0..150_000_u32).map(|number| (number % 251) as u8).collect()
}

#[test]
fn a_long_file_is_sent_whole_or_visibly_torn_whatever_fails() {
    let world = || World::new().file("public/long.bin", long());
    let explored = explore(router(), world).request(get("/long.bin")).check(|_, end| match end.status() {
        Some(200) if end.responded() => assert_eq!(end.body(), long()),
        Some(200) => assert!(long().starts_with(end.body())),
        None => assert_eq!(end.stopped(), Some(segno::StopReason::Disconnected)),
        Some(404 | 500 | 503) => assert!(!end.torn()),
        Some(other) => panic!("{other}"),
    });
    assert!(explored.to_string().ends_with("all that there are"), "{explored}");
}

#[test]
fn a_world_s_files_are_read_as_those_of_a_disk() {
    let world = || World::new().file("public/docs/index.html", TEXT).file("public/long.bin", long());
    let cases = [
        ("/docs/", 200, TEXT.as_bytes().to_vec()),
        ("/docs", 301, Vec::new()),
        ("/nothing", 404, b"Not Found".to_vec()),
        ("/doc", 404, b"Not Found".to_vec()),
        ("/long.bin", 200, long()),
    ];
    for (path, status, body) in cases {
        explore(router(), world).without_faults().stops(&[]).request(get(path)).check(move |_, end| {
            assert_eq!((end.status(), end.body()), (Some(status), &*body), "{path}");
        });
    }
}

#[test]
fn a_handler_is_made_of_a_sound_path_alone() {
    for path in ["..", "/etc", "a/../b", "a\\b", "a//b"] {
        assert!(std::panic::catch_unwind(|| files::directory(path)).is_err(), "{path}");
        assert!(std::panic::catch_unwind(|| files::file(path)).is_err(), "{path}");
    }
    let all: Router = Router::new().get("/{*path}", files::directory("").handler());
    assert!(all.into_handler().is_ok());
    let all: Router = Router::new().get("/{*path}", files::directory("").handler());
    script(all, get("/a")).expect(file_info("a"), None).responds(404);
}

/// What is asked of a real directory and of a world, and what they say: times are left out.
fn told(session: &(impl Perform<FileInfo> + Perform<ReadFile>)) -> Vec<String> {
    let mut told = Vec::new();
    for path in ["a.txt", "docs", "docs/b.css", "docs/none", "none", "a.txt/none", "doc", "empty.txt"] {
        let path: FilePath = path.parse().unwrap();
        let info = smol::block_on(session.perform(FileInfo { path: path.clone() })).unwrap();
        let (version, shown) = match info {
            Some(FileKind::File(version)) => (version, format!("a file of {}", version.length)),
            other => (version(17), format!("{other:?}")),
        };
        told.push(format!("{path}: {shown}"));
        for (from, length) in [(0, 17), (4, 5), (16, 9), (17, 1), (99, 1), (0, 0), (u64::MAX, u64::MAX), (0, u64::MAX)]
        {
            let read = ReadFile { path: path.clone(), version, from, length };
            let read = smol::block_on(session.perform(read)).map_err(|error| (error.kind, error.happened));
            told.push(format!("{path} from {from}, {length}: {read:?}"));
        }
        let other = FileVersion { length: version.length + 1, ..version };
        let read = smol::block_on(session.perform(ReadFile { path, version: other, from: 0, length: 1 }));
        told.push(format!("{:?}", read.unwrap_err().kind));
    }
    told
}

#[test]
fn a_world_tells_what_a_directory_tells() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("docs")).unwrap();
    for (name, text) in [("a.txt", TEXT), ("docs/b.css", "b {}"), ("empty.txt", "")] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let world = World::new().file("a.txt", TEXT).file("docs/b.css", "b {}").file("empty.txt", "");
    let real = told(&Backend::new().files(directory.path()).unwrap().session());
    assert_eq!(told(&Arc::new(world).session()), real);
    assert!(real.contains(&"a.txt from 4, 5: Ok(Chunk(b\"segno\"))".to_owned()), "{real:#?}");
}
