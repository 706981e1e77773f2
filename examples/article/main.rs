//! The server of the article "Serving HTTP with continuations": handlers that read as straight-line, blocking code, and
//! suspend on real SQL, real HTTP and real chat.
//!
//! Run it with `cargo run --example article`, and open <http://127.0.0.1:8080/> in a browser, in several tabs. You
//! see a page that grows while its handler waits: three SQL queries, now and then an HTTP request, now and then a
//! message to all who wait for one, and now and then a wait for such a message from *another* request.
//! <http://127.0.0.1:8080/together> does the same with the waits side by side, and waits for nobody longer than five
//! seconds.
//!
//! `cargo run --example article -- --help` tells the options; one is the database, which may be SQLite, PostgreSQL or
//! MySQL. With curl, the page's first lines come at once:
//!
//! ```text
//! $ curl -N http://127.0.0.1:8080/
//! <!doctype html><title>segno</title>
//! hi, we are now inside the request tasklet<br>
//! <br><br>QUERY 1:<table><tr><td>1<td>generators<tr><td>2<td>tasklets<tr><td>3<td>channels …
//! ```

mod controller;
mod options;
mod page;
#[cfg(test)]
mod tests;
mod together;

use std::{net::SocketAddr, process::ExitCode};

use segno::{
    Database, Io, Migrations, Request, Response, Result, Router, migrations,
    smol::{Backend, Server},
};
use tracing_subscriber::EnvFilter;

use options::Options;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Options::read().and_then(|options| options.map_or(Ok(()), serve)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("article: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> Result<()> {
    let server = Server::bind(&options.address)?;
    let address = server.local_address();
    let database = Database::open(&options.database)?;
    smol::block_on(database.migrate(&MIGRATIONS))?;
    let mut backend = Backend::new().database(database);
    if let Some(seed) = options.seed {
        backend = backend.seed(seed);
    }

    println!("open http://{address}/ in a browser, in several tabs");
    server.serve(router(options.upstream, address), backend)?;
    Ok(())
}

/// The article's page, the same with its waits side by side, and what both of them fetch if no other URL is given.
fn router(upstream: Option<String>, address: SocketAddr) -> Router {
    let upstream = upstream.unwrap_or_else(|| format!("http://{address}/motto"));
    let page_upstream = upstream.clone();
    Router::new()
        .get("/", move |io, _| page::page(io, page_upstream.clone()))
        .get("/together", move |io, _| together::page(io, upstream.clone()))
        .get("/motto", motto)
}

async fn motto(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("Dal segno: from the sign, go on.\n"))
}

/// The article's table, in SQL that SQLite, PostgreSQL and MySQL all understand.
const MIGRATIONS: Migrations = migrations!["migrations/0001_test.sql", "migrations/0002_names.sql"];
