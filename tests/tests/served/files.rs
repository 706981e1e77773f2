//! Real files, over real sockets.

use std::{
    fs::{self, File},
    os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use segno::{
    FileErrorKind, FileKind, Io, Request, Response, Router, files,
    smol::{Backend, ServerOptions},
};
use tempfile::TempDir;

use crate::{
    client::{Client, get},
    programs::{is_here, output},
    server::{Running, options},
};

/// A directory `public` with some files in it, and a secret beside it.
fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let public = place.path().join("public");
    fs::create_dir_all(public.join("docs/deep")).unwrap();
    fs::create_dir(public.join("empty")).unwrap();
    fs::write(place.path().join("secret.txt"), "SECRET").unwrap();
    fs::write(public.join("a.txt"), "dal segno al fine").unwrap();
    fs::write(public.join("docs/index.html"), "<h1>docs</h1>").unwrap();
    fs::write(public.join("docs/deep/b.css"), "b {}").unwrap();
    fs::write(public.join("long.bin"), long()).unwrap();
    fs::write(public.join(".hidden"), "SECRET").unwrap();
    place
}

fn long() -> Vec<u8> {
    (0..1_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn server(place: &TempDir) -> Running {
    let router: Router = Router::new().get("/files/{*path}", files::directory("").handler());
    Running::with(router, Backend::new().files(place.path().join("public")).unwrap(), options())
}

fn ask(client: &mut Client, path: &str, fields: &str) -> crate::client::Reply {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n{fields}\r\n"));
    client.reply()
}

#[test]
fn files_arrive_byte_for_byte() {
    let place = place();
    let server = server(&place);
    let mut client = server.client();
    let reply = client.get("/files/a.txt");
    assert_eq!((reply.status, &*reply.text()), (200, "dal segno al fine"));
    assert_eq!(client.get("/files/docs/deep/b.css").header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(client.get("/files/docs/").text(), "<h1>docs</h1>");
    assert_eq!(client.get("/files/docs").header("location"), Some("./docs/"));
    let reply = client.get("/files/long.bin");
    assert_eq!((reply.header("content-length"), reply.header("transfer-encoding")), (Some("1000000"), None));
    assert!(reply.body == long());
    client.send("HEAD /files/long.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    let head = client.reply_to_head();
    assert_eq!((head.header("content-length"), head.header("etag")), (Some("1000000"), reply.header("etag")));
    for path in
        ["/files/nothing", "/files/docs/deep", "/files/empty", "/files/empty/", "/files/a.txt/x", "/files/.hidden"]
    {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
    let name = "x".repeat(300);
    assert_eq!(client.get(&format!("/files/{name}")).status, 404);
}

#[test]
fn a_version_is_known_again_until_the_file_changes() {
    let place = place();
    let server = server(&place);
    let mut client = server.client();
    let tag = client.get("/files/a.txt").header("etag").unwrap().to_owned();
    let known = ask(&mut client, "/files/a.txt", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((known.status, known.header("etag")), (304, Some(&*tag)));
    let part = ask(&mut client, "/files/a.txt", &format!("Range: bytes=4-8\r\nIf-Range: {tag}\r\n"));
    assert_eq!((part.status, &*part.text(), part.header("content-range")), (206, "segno", Some("bytes 4-8/17")));
    // The same length, and later.
    let file = File::options().write(true).open(place.path().join("public/a.txt")).unwrap();
    fs::write(place.path().join("public/a.txt"), "DAL SEGNO AL FINE").unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(1)).unwrap();
    assert_eq!(ask(&mut client, "/files/a.txt", &format!("If-None-Match: {tag}\r\n")).text(), "DAL SEGNO AL FINE");
    let whole = ask(&mut client, "/files/a.txt", &format!("Range: bytes=4-8\r\nIf-Range: {tag}\r\n"));
    assert_eq!((whole.status, &*whole.text()), (200, "DAL SEGNO AL FINE"));
    let refused = ask(&mut client, "/files/a.txt", "Range: bytes=17-\r\n");
    assert_eq!((refused.status, refused.header("content-range")), (416, Some("bytes */17")));
}

/// Ways that would lead out of the directory, or to what is hidden in it.
const TRAVERSALS: [&str; 37] = [
    "../secret.txt",
    "docs/../../secret.txt",
    "%2e%2e/secret.txt",
    "..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "..%5csecret.txt",
    "%252e%252e/secret.txt",
    "..%252fsecret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%ef%bc%8e%ef%bc%8e/secret.txt",
    "docs/./../../secret.txt",
    "./../secret.txt",
    "//../secret.txt",
    "...//secret.txt",
    "....//secret.txt",
    "..;/secret.txt",
    "a.txt/../../secret.txt",
    "a.txt%00.html",
    "link.txt",
    "absolute.txt",
    "up/secret.txt",
    "up",
    "up/",
    "loop",
    "loop/x",
    "through",
    "all",
    "all/",
    ".hidden",
    "docs/../.hidden",
    "..\\secret.txt",
    "public/../../secret.txt",
    "%2e",
    "%2e%2e",
    "..",
    ".",
    "",
];

/// Sent as they are, without a client that would tidy them up.
#[test]
fn no_path_leads_to_the_secret() {
    let place = place();
    let public = place.path().join("public");
    symlink("../secret.txt", public.join("link.txt")).unwrap();
    symlink(place.path().join("secret.txt"), public.join("absolute.txt")).unwrap();
    symlink("..", public.join("up")).unwrap();
    symlink("/", public.join("all")).unwrap();
    symlink("loop", public.join("loop")).unwrap();
    symlink("docs/../../secret.txt", public.join("through")).unwrap();
    symlink("docs/deep/b.css", public.join("inside.css")).unwrap();
    let server = server(&place);
    let mut client = server.client();
    let etc = "/files/all/etc/passwd".to_owned();
    let inside = format!("/files/all{}/secret.txt", place.path().display());
    let mut paths: Vec<String> = TRAVERSALS.iter().map(|path| format!("/files/{path}")).collect();
    paths.extend([etc, inside]);
    for path in paths {
        client.send(get(&path));
        let reply = client.reply();
        assert!(matches!(reply.status, 400 | 404), "{path}: {}", reply.status);
        assert!(!reply.text().contains("SECRET") && !reply.text().contains("root:"), "{path}");
        if reply.header("connection") == Some("close") {
            client = server.client();
        }
    }
    assert_eq!(client.get("/files/inside.css").text(), "b {}");
}

#[test]
fn what_is_no_file_is_not_there_and_holds_nobody() {
    let place = place();
    let public = place.path().join("public");
    output(Command::new("mkfifo").arg(public.join("pipe")));
    let _listener = UnixListener::bind(public.join("socket")).unwrap();
    fs::write(public.join("unreadable"), "SECRET").unwrap();
    let server = server(&place);
    let mut client = server.client();
    for path in ["pipe", "socket"] {
        assert_eq!(client.get(&format!("/files/{path}")).status, 404, "{path}");
    }
    // More at once than smol has threads for, if each were held.
    let mut clients: Vec<Client> = (0..64).map(|_| server.client()).collect();
    clients.iter_mut().for_each(|client| client.send(get("/files/pipe")));
    assert!(clients.iter_mut().all(|client| client.reply().status == 404));
    assert_eq!(client.get("/files/a.txt").status, 200);
}

/// A handler that reads the version that it saw first, after the test has done something to the file.
#[test]
fn a_read_is_of_the_version_that_was_seen() {
    let place = place();
    let public = place.path().join("public");
    let backend = Backend::new().files(&public).unwrap();
    let path = || "a.txt".parse().unwrap();
    type Act = fn(&Path);
    let acts: [(Act, FileErrorKind); 5] = [
        (|file| fs::write(file, "dal").unwrap(), FileErrorKind::Changed),
        (|file| fs::write(file, "dal segno al fine, da capo").unwrap(), FileErrorKind::Changed),
        (|file| fs::remove_file(file).unwrap(), FileErrorKind::NotFound),
        (|file| fs::create_dir(file).unwrap(), FileErrorKind::NotFound),
        (
            |file| {
                fs::remove_dir(file).unwrap();
                output(Command::new("mkfifo").arg(file));
            },
            FileErrorKind::NotFound,
        ),
    ];
    for (act, kind) in acts {
        let file = public.join("a.txt");
        let seen = backend.run(async move |mut io: Io| Ok(io.file_info(&path()).await?)).unwrap();
        let version = match seen {
            Some(FileKind::File(version)) => version,
            other => segno::FileVersion { length: u64::from(other.is_some()), modified: segno::Timestamp::EPOCH },
        };
        act(&file);
        let read = backend.run(async move |mut io: Io| Ok(io.read_file(&path(), version, 0..17).await));
        assert_eq!(read.unwrap().unwrap_err().kind, kind);
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_cuts_the_connection() {
    let place = place();
    let path = place.path().join("public/long.bin");
    let length = 64 << 20;
    File::create(&path).unwrap().set_len(length).unwrap();
    let server = server(&place);
    let mut client = server.client();
    client.send(get("/files/long.bin"));
    let head = client.head().unwrap();
    assert_eq!(head.header("content-length"), Some(&*length.to_string()));
    // The sockets hold far less than what is still to come.
    File::options().write(true).open(&path).unwrap().set_len(1_000).unwrap();
    let received = client.rest().unwrap_or_default();
    assert!((received.len() as u64) < length, "{}", received.len());
}

#[test]
fn without_a_directory_the_log_says_what_to_do() {
    let error = Arc::new(Mutex::new(String::new()));
    let told = error.clone();
    let router = Router::new().get("/", move |mut io: Io, _: Request| {
        let told = told.clone();
        async move {
            let info = io.file_info(&"a.txt".parse()?).await;
            *told.lock().unwrap() = info.unwrap_err().to_string();
            Ok(Response::text(""))
        }
    });
    Running::new(router).client().get("/");
    assert!(error.lock().unwrap().contains("`Backend::files`"), "{error:?}");
    let missing = Backend::new().files("/no such directory").unwrap_err().to_string();
    assert!(missing.contains("`/no such directory` cannot be opened"), "{missing}");
}

#[test]
fn curl_resumes_a_download() {
    if is_here(&["curl"]).is_none() {
        return;
    }
    let place = place();
    let server = server(&place);
    let curl = |arguments: &[&str], path: &str| {
        let url = format!("http://{}/files/{path}", server.address);
        output(Command::new("curl").args(["-sS", "-m", "20", "--noproxy", "*"]).args(arguments).arg(url))
    };
    assert_eq!(curl(&["-r", "4-8"], "a.txt"), "segno");
    assert_eq!(curl(&["-r", "-4"], "a.txt"), "fine");
    assert_eq!(curl(&["-r", "13-"], "a.txt"), "fine");
    let code = ["-o", "/dev/null", "-w", "%{http_code}"];
    assert_eq!(curl(&[&code[..], &["-r", "99-"]].concat(), "a.txt"), "416");
    assert_eq!(curl(&[&code[..], &["-r", "0-1,3-4"]].concat(), "a.txt"), "200");
    let tag_file = place.path().join("tag");
    let tag_file = tag_file.to_str().unwrap();
    assert_eq!(curl(&[&code[..], &["--etag-save", tag_file]].concat(), "a.txt"), "200");
    assert_eq!(curl(&[&code[..], &["--etag-compare", tag_file]].concat(), "a.txt"), "304");
    let copy = place.path().join("copy");
    fs::write(&copy, &long()[..123_456]).unwrap();
    let copied = ["-C", "-", "-o", copy.to_str().unwrap(), "-w", "%{http_code}"];
    assert_eq!(curl(&copied, "long.bin"), "206");
    assert!(fs::read(&copy).unwrap() == long());
    assert_eq!(curl(&["--path-as-is", "-w", "%{http_code}", "-o", "/dev/null"], "../../secret.txt"), "404");
}

/// Names that are not UTF-8 are there for the system, and not for HTTP.
#[test]
fn a_name_that_is_not_utf_8_is_no_panic() {
    let place = place();
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(place.path().join("public").join(odd), "x").unwrap();
    let server = server(&place);
    assert_eq!(server.client().get("/files/caf%E9").status, 400);
}

#[test]
fn compressed_files_keep_weak_tags_and_parts_stay_as_they_are() {
    let place = place();
    let text = "dal segno al fine\n".repeat(20_000);
    fs::write(place.path().join("public/text.txt"), &text).unwrap();
    let router: Router = Router::new().get("/files/{*path}", files::directory("").handler());
    let backend = Backend::new().files(place.path().join("public")).unwrap();
    let server = Running::with(router, backend, ServerOptions { gzip: true, ..options() });
    let mut client = server.client();
    let plain = client.get("/files/text.txt");
    let tag = plain.header("etag").unwrap();
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
    let coded = ask(&mut client, "/files/text.txt", "Accept-Encoding: gzip\r\n");
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    assert_eq!(coded.header("etag"), Some(&*format!("W/{tag}")));
    assert_eq!((coded.header("accept-ranges"), coded.header("content-length")), (None, None));
    assert!(coded.body.len() < text.len() / 10);
    client.send("HEAD /files/text.txt HTTP/1.1\r\nHost: test\r\nAccept-Encoding: gzip\r\n\r\n");
    let head = client.reply_to_head();
    assert_eq!((head.header("content-encoding"), head.header("etag")), (Some("gzip"), coded.header("etag")));
    assert_eq!((head.header("content-length"), head.header("transfer-encoding")), (None, None));
    let known = ask(&mut client, "/files/text.txt", &format!("Accept-Encoding: gzip\r\nIf-None-Match: W/{tag}\r\n"));
    assert_eq!((known.status, known.header("vary")), (304, Some("accept-encoding")));
    let part = ask(&mut client, "/files/text.txt", "Accept-Encoding: gzip\r\nRange: bytes=4-2003\r\n");
    assert_eq!((part.status, part.header("content-encoding")), (206, None));
    assert_eq!(part.body, &text.as_bytes()[4..2004]);
}
