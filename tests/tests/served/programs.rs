//! Clients that others wrote.

use std::process::Command;

use segno::{Io, Request, Response, ResponseHead, Result, Router};

use crate::server::Running;

async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    let body = request.body.text(&mut io, 10 << 20).await?;
    Ok(Response::text(format!("{} {} {}", request.method, request.path(), body.len())))
}

async fn stream(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    for number in 0..3 {
        out.write(&mut io, format!("piece {number}\n")).await?;
    }
    Ok(out.end())
}

fn server() -> Running {
    Running::new(Router::new().get("/echo", echo).post("/echo", echo).put("/echo", echo).get("/stream", stream))
}

/// The first of these programs that is here. Where tests must be complete, one has to be.
pub(crate) fn is_here(programs: &[&'static str]) -> Option<&'static str> {
    let runs =
        |program: &&&str| Command::new(**program).arg("--version").output().is_ok_and(|output| output.status.success());
    let here = programs.iter().find(runs).copied();
    if here.is_none() {
        assert!(std::env::var_os("CI").is_none(), "none of {programs:?} is installed");
        eprintln!("skipped: none of {programs:?} is installed");
    }
    here
}

#[track_caller]
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (text, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {error}{text}");
    text.into_owned()
}

#[test]
fn curl_is_served() {
    if is_here(&["curl"]).is_none() {
        return;
    }
    let server = server();
    let url = |path: &str| format!("http://{}{path}", server.address);
    let curl =
        |arguments: &[&str]| output(Command::new("curl").args(["-sS", "-m", "20", "--noproxy", "*"]).args(arguments));
    // Two requests on one connection.
    let write = "|%{http_code} %{num_connects}|";
    let both = curl(&["-w", write, &url("/echo"), &url("/echo")]);
    assert_eq!(both, "GET /echo 0|200 1|GET /echo 0|200 0|");
    assert_eq!(curl(&["-N", &url("/stream")]), "piece 0\npiece 1\npiece 2\n");
    assert_eq!(curl(&["-0", &url("/stream")]), "piece 0\npiece 1\npiece 2\n");
    assert!(curl(&["-I", &url("/echo")]).starts_with("HTTP/1.1 200 OK\r\n"));
    // So long a body is announced with `Expect: 100-continue`.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    std::fs::write(&file, vec![b'x'; 1_500_000]).unwrap();
    let file = format!("@{}", file.display());
    assert_eq!(curl(&["--data-binary", &file, &url("/echo")]), "POST /echo 1500000");
    let chunked = ["-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", "--data-binary", &file];
    assert_eq!(curl(&[&chunked[..], &[&url("/echo")]].concat()), "POST /echo 1500000");
    assert_eq!(curl(&["-T", &file[1..], &url("/echo")]), "PUT /echo 1500000");
    // Too long: refused before it is sent.
    std::fs::write(&file[1..], vec![b'x'; 3_000_000]).unwrap();
    let refused = curl(&["-o", "/dev/null", "-w", "%{http_code}", "--data-binary", &file, &url("/echo")]);
    assert_eq!(refused, "413");
}

const PYTHON: &str = r#"
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=20)
def ask(method, path, **more):
    connection.request(method, path, **more)
    response = connection.getresponse()
    return response.status, response.read().decode()
socket = None
for round in range(3):
    assert ask("GET", "/echo") == (200, "GET /echo 0")
    assert socket in (None, connection.sock), "it is another connection"
    socket = connection.sock
    assert ask("POST", "/echo", body=b"x" * 100000) == (200, "POST /echo 100000")
    assert ask("POST", "/echo", body=iter([b"ab", b"c"])) == (200, "POST /echo 3")
    assert ask("GET", "/stream") == (200, "piece 0\npiece 1\npiece 2\n")
    assert ask("HEAD", "/echo") == (200, "")
    assert ask("GET", "/nothing")[0] == 404
    assert ask("DELETE", "/echo")[0] == 405
    assert connection.sock is socket, "it is another connection"
print("served")
"#;

#[test]
fn python_is_served() {
    if is_here(&["python3"]).is_none() {
        return;
    }
    let server = server();
    let served = output(Command::new("python3").args(["-c", PYTHON, &server.address.to_string()]));
    assert_eq!(served, "served\n");
}
