//! The route for balancers, and what they have it for.

use std::time::{Duration, Instant};

use segno::{
    Io, Request, Response, Result, Router,
    smol::{Backend, Server, ServerOptions},
};

use crate::{
    client::{After, PATIENCE, post},
    logs,
    server::{Running, eventually, options},
};

async fn hello(_: Io, request: Request) -> Result<Response> {
    Ok(Response::text(format!("hello from {}", request.method)))
}

fn server(path: &str, options: ServerOptions) -> Running {
    logs::collect();
    let server = Server::bind("127.0.0.1:0").unwrap().health(path).options(options);
    Running::serve(server, Router::new().fallback(hello), Backend::new())
}

#[test]
fn health_is_told_before_any_handler() {
    let server = server("/health-told", options());
    let mut client = server.client();
    for _ in 0..2 {
        let reply = client.get("/health-told?from=balancer");
        assert_eq!((reply.status, &*reply.text()), (200, "ok\n"));
    }
    client.send("HEAD /health-told HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.reply_to_head().status, 200);
    for path in ["/health-told/more", "/health", "/"] {
        assert_eq!(client.get(path).text(), "hello from GET");
    }
    client.send(post("/health-told", ""));
    assert_eq!(client.reply().text(), "hello from POST");
    // What came before it on the same connection would have been logged before it.
    logs::line_with(&["segno::access", "method=\"POST\"", "/health-told"]);
    assert_eq!(logs::count_with(&["segno::access", "/health-told\""]), 1, "balancers do not fill the log");
}

#[test]
fn a_shutdown_is_told_before_it_refuses_anybody() {
    let drain_time = Duration::from_secs(2);
    let mut server = server("/health", ServerOptions { drain_time, grace: PATIENCE, ..options() });
    let mut idle = server.client();
    assert_eq!(idle.get("/health").status, 200);
    let begun = Instant::now();
    server.stop();
    let mut reply = None;
    eventually("the balancer is told", || {
        let told = server.client().get("/health");
        let has_begun = told.status == 503;
        reply = Some(told);
        has_begun
    });
    let reply = reply.unwrap();
    assert_eq!((&*reply.text(), reply.header("connection")), ("shutting down\n", Some("close")));
    // Others are served as before, and know that their connections end.
    for client in [&mut server.client(), &mut idle] {
        let reply = client.get("/");
        assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
        assert_eq!(client.ends(), After::Close);
    }
    assert!(server.has_ended(PATIENCE));
    assert!(begun.elapsed() >= drain_time);
}
