//! Which databases there are, and a database of its own for each case.

use std::{
    env, fmt,
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use segno::{Database, DatabaseOptions, Io, Result, smol::Backend};
use tempfile::TempDir;

use crate::steps::Client;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MySql,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::MySql];

    /// The environment's variable that names a server, if it takes one.
    pub(crate) fn variable(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SEGNO_POSTGRES_URL"),
            Self::MySql => Some("SEGNO_MYSQL_URL"),
        }
    }

    /// The URL of the server, if it takes one and there is one.
    pub(crate) fn server(self) -> Option<String> {
        env::var(self.variable()?).ok()
    }

    pub(crate) fn is_here(self) -> bool {
        self == Self::Sqlite || self.server().is_some()
    }
}

/// As in the names of the cases.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        })
    }
}

/// An empty database, for one case alone. It is removed when this is dropped.
pub(crate) struct Home {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    made: Made,
}

/// What is to be removed.
enum Made {
    /// The folder removes itself.
    File {
        _folder: TempDir,
    },
    OnServer {
        server: String,
        name: String,
    },
}

impl Home {
    pub(crate) fn make(kind: Kind) -> Self {
        let Some(server) = kind.server() else {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", folder.path().join("test.db").display());
            return Self { kind, url, made: Made::File { _folder: folder } };
        };
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("segno_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        command(&server, format!("create database {name}"));
        let (before, _) = server.rsplit_once('/').unwrap();
        Self { kind, url: format!("{before}/{name}"), made: Made::OnServer { server, name } }
    }

    /// The database, with a few connections.
    pub(crate) fn open(&self) -> Database {
        self.open_with(&DatabaseOptions { max_connections: 4, ..DatabaseOptions::default() })
    }

    pub(crate) fn open_with(&self, options: &DatabaseOptions) -> Database {
        Database::open_with(&self.url, options).unwrap()
    }

    /// Carries out what sets the case up, one statement after the other.
    pub(crate) fn prepare(&self, texts: &[&'static str]) {
        let texts = texts.to_vec();
        self.run(async move |mut io: Io| {
            for text in texts {
                io.sql(text, ()).await?;
            }
            Ok(())
        });
    }

    /// Runs a handler without a request, and gives what it returns.
    #[track_caller]
    pub(crate) fn run<T, F>(&self, job: impl FnOnce(Io) -> F) -> T
    where
        T: 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        match self.try_run(job) {
            Ok(value) => value,
            Err(error) => panic!("{}: {error:?}", self.kind),
        }
    }

    /// Runs a handler without a request.
    pub(crate) fn try_run<T, F>(&self, job: impl FnOnce(Io) -> F) -> Result<T>
    where
        T: 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let database = self.open();
        let end = Backend::new().database(database.clone()).run(job);
        smol::block_on(database.close());
        end
    }

    /// What the words are on SQLite, PostgreSQL and MySQL.
    pub(crate) fn words<T>(&self, sqlite: T, postgres: T, mysql: T) -> T {
        match self.kind {
            Kind::Sqlite => sqlite,
            Kind::Postgres => postgres,
            Kind::MySql => mysql,
        }
    }

    /// How many rows a table has, as a new connection sees it.
    pub(crate) fn count(&self, table: &'static str) -> i64 {
        self.run(async move |mut io: Io| {
            Ok(io.sql(format!("select count(*) as n from {table}"), ()).await?.one()?.get("n")?)
        })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        match &self.made {
            Made::File { .. } => {}
            Made::OnServer { server, name } => {
                // A case that failed may have left connections open, for which PostgreSQL would not drop it.
                let force = self.words("", " with (force)", "");
                command(server, format!("drop database {name}{force}"));
            }
        }
    }
}

/// Carries a statement out on the server itself.
fn command(server: &str, text: String) {
    smol::block_on(async {
        let options = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
        let database = Database::open_with(server, &options).unwrap();
        Client::of(&database).run(text).await.unwrap();
        database.close().await;
    });
}

/// Long enough for a statement to be carried out on a busy machine, and for nothing else.
pub(crate) const SHORT: Duration = Duration::from_millis(300);
