//! Who is measured: the same three queries, in three ways.

use std::{future::pending, sync::Arc};

use segno::{Database, DatabaseOptions, Io, Tasklet, drive, smol::Backend};
use sqlx::{Row, mysql::MySqlPoolOptions, postgres::PgPoolOptions, sqlite::SqlitePoolOptions};

use crate::Failed;

/// One way to carry the queries out.
#[derive(Clone)]
pub(crate) enum Contestant {
    /// By a handler.
    Segno(Arc<Backend>),
    /// By sqlx, each on the pool.
    Pool(Sqlx),
    /// By sqlx, all on one connection.
    Held(Sqlx),
    /// Twenty queries by a handler, one after another.
    InTurn(Arc<Backend>),
    /// Twenty queries by a handler, side by side.
    Joined(Arc<Backend>),
}

#[derive(Clone)]
pub(crate) enum Sqlx {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
    MySql(sqlx::MySqlPool),
}

/// All of them on this database, whose table is made: those with three queries, and those with twenty.
pub(crate) async fn all(url: &str) -> Result<[Vec<Contestant>; 2], Failed> {
    let options = DatabaseOptions { max_connections: CONNECTIONS, ..DatabaseOptions::default() };
    let backend = Arc::new(Backend::new().database(Database::open_with(url, &options)?));
    clean(url).await?;
    run(&backend, "create table segno_bench (id bigint primary key, name varchar(40) not null)").await?;
    for id in 1..=12 {
        run(&backend, format!("insert into segno_bench values ({id}, 'a name of some length {id}')")).await?;
    }
    let sqlx = Sqlx::connect(url).await?;
    Ok([
        vec![Contestant::Segno(backend.clone()), Contestant::Pool(sqlx.clone()), Contestant::Held(sqlx)],
        vec![Contestant::Joined(backend.clone()), Contestant::InTurn(backend)],
    ])
}

/// Removes the table.
pub(crate) async fn clean(url: &str) -> Result<(), Failed> {
    let database = Database::open(url)?;
    run(&Backend::new().database(database.clone()), "drop table if exists segno_bench").await?;
    database.close().await;
    Ok(())
}

async fn run(backend: &Backend, text: impl Into<String>) -> Result<(), Failed> {
    let text = text.into();
    let job = async move |mut io: Io| io.sql(text, ()).await.map(drop);
    Ok(drive(Tasklet::new(job), &backend.session(), pending()).await??)
}

impl Contestant {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Segno(_) => "segno",
            Self::Pool(_) => "sqlx, pool",
            Self::Held(_) => "sqlx, held",
            Self::InTurn(_) => "in turn",
            Self::Joined(_) => "joined",
        }
    }

    /// Serves one request, as far as its queries go.
    pub(crate) async fn request(&self) -> Result<(), Failed> {
        let bytes = match self {
            // What a server does for each request, but for HTTP.
            Self::Segno(backend) => handle(backend, handler).await?,
            Self::InTurn(backend) => handle(backend, in_turn).await?,
            Self::Joined(backend) => handle(backend, joined).await?,
            Self::Pool(sqlx) => sqlx.pooled().await?,
            Self::Held(sqlx) => sqlx.held().await?,
        };
        if bytes == 0 { Err("the rows are empty".into()) } else { Ok(()) }
    }
}

async fn handle<F>(backend: &Backend, handler: impl FnOnce(Io) -> F) -> Result<usize, Failed>
where
    F: Future<Output = segno::Result<usize>> + Send + 'static,
{
    let end = drive(Tasklet::new(handler), &backend.session(), pending()).await?;
    Ok(end.map_err(|error| error.to_string())?)
}

async fn in_turn(mut io: Io) -> segno::Result<usize> {
    let mut rows = 0;
    for _ in 0..MANY {
        rows += io.sql(QUERY, ()).await?.len();
    }
    Ok(rows)
}

async fn joined(mut io: Io) -> segno::Result<usize> {
    let mut rows = 0;
    for answer in io.join_all((0..MANY).map(|_| async |io: &mut Io| io.sql(QUERY, ()).await)).await {
        rows += answer?.len();
    }
    Ok(rows)
}

async fn handler(mut io: Io) -> segno::Result<usize> {
    let mut bytes = 0;
    for _ in 0..QUERIES {
        for row in io.sql(QUERY, ()).await?.iter() {
            let (id, name): (i64, String) = (row.get("id")?, row.get("name")?);
            bytes += size_of_val(&id) + name.len();
        }
    }
    Ok(bytes)
}

/// The queries on something that carries queries out, which is made anew for each of them.
macro_rules! queries {
    ($executor:expr) => {{
        let mut bytes = 0;
        for _ in 0..QUERIES {
            for row in sqlx::query(QUERY).fetch_all($executor).await? {
                let (id, name): (i64, String) = (row.try_get("id")?, row.try_get("name")?);
                bytes += size_of_val(&id) + name.len();
            }
        }
        Ok(bytes)
    }};
}

impl Sqlx {
    async fn connect(url: &str) -> Result<Self, Failed> {
        let connections = CONNECTIONS.into();
        Ok(match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            "sqlite" => Self::Sqlite(SqlitePoolOptions::new().max_connections(connections).connect(url).await?),
            "postgres" | "postgresql" => {
                Self::Postgres(PgPoolOptions::new().max_connections(connections).connect(url).await?)
            }
            _ => Self::MySql(MySqlPoolOptions::new().max_connections(connections).connect(url).await?),
        })
    }

    async fn pooled(&self) -> Result<usize, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => queries!(pool),
            Self::Postgres(pool) => queries!(pool),
            Self::MySql(pool) => queries!(pool),
        }
    }

    async fn held(&self) -> Result<usize, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => {
                let mut connection = pool.acquire().await?;
                queries!(&mut *connection)
            }
            Self::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                queries!(&mut *connection)
            }
            Self::MySql(pool) => {
                let mut connection = pool.acquire().await?;
                queries!(&mut *connection)
            }
        }
    }
}

/// The article's, on a table of the benchmark's own.
const QUERY: &str = "select * from segno_bench limit 10";
const QUERIES: usize = 3;
const MANY: usize = 20;

/// As many as segno opens by itself; more than requests at once.
const CONNECTIONS: u16 = 10;
