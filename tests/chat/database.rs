//! A PostgreSQL server, as its administrator sees it.

use std::{
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use segno::{Chat, PostgresChatOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, postgres::PgConnectOptions};

use crate::talk::soon;

/// A server, and names on it that no other test uses.
#[derive(Clone)]
pub(crate) struct Server {
    options: PgConnectOptions,
    /// A channel of this test's own.
    pub(crate) channel: String,
}

impl Server {
    pub(crate) fn from_environment() -> Option<Self> {
        let url = std::env::var("SEGNO_POSTGRES_URL").ok().filter(|url| !url.is_empty())?;
        Some(Self { options: url.parse().unwrap(), channel: unique_name() })
    }

    /// The URL, with the name by which the server's list of clients knows the chats of this test.
    pub(crate) fn url(&self) -> String {
        format!("{}&application_name={}", self.options.to_url_lossy(), self.channel)
    }

    pub(crate) fn chat_options(&self) -> PostgresChatOptions {
        PostgresChatOptions { channel: self.channel.clone(), ..PostgresChatOptions::default() }
    }

    /// As another process would have it.
    pub(crate) fn chat(&self) -> Chat {
        Chat::postgres_with(&self.url(), &self.chat_options()).unwrap()
    }

    /// The host and the port.
    pub(crate) fn address(&self) -> (String, u16) {
        (self.options.get_host().to_owned(), self.options.get_port())
    }

    /// The same server behind another address.
    pub(crate) fn behind(&self, port: u16) -> Self {
        Self { options: self.options.clone().host("127.0.0.1").port(port), channel: self.channel.clone() }
    }

    /// The same server, with another user.
    pub(crate) fn of_user(&self, user: &str, password: &str) -> Self {
        Self { options: self.options.clone().username(user).password(password), channel: self.channel.clone() }
    }

    /// The same server, with another database.
    pub(crate) fn of_database(&self, name: &str) -> Self {
        Self { options: self.options.clone().database(name), channel: self.channel.clone() }
    }

    /// Carries out statements without an answer, one by one.
    #[track_caller]
    pub(crate) fn run(&self, statements: &[&str]) {
        soon(async {
            let mut connection = self.options.connect().await.unwrap();
            for statement in statements {
                sqlx::query(AssertSqlSafe(*statement)).execute(&mut connection).await.unwrap();
            }
            connection.close().await.unwrap();
        });
    }

    /// Sends a notification as another program would.
    pub(crate) fn notify(&self, payload: &str) {
        self.run(&[&format!("select pg_notify('{}', {payload})", self.channel)]);
    }

    /// Ends the connections of this test's chats.
    pub(crate) fn end_connections(&self) {
        let ended = "select pg_terminate_backend(pid) from pg_stat_activity where application_name =";
        self.run(&[&format!("{ended} '{}'", self.channel)]);
    }
}

/// A database of a test's own, which is dropped with this.
pub(crate) struct Scratch {
    pub(crate) server: Server,
    outside: Server,
    name: String,
}

impl Scratch {
    /// A new database; `how` goes into the statement that creates it.
    pub(crate) fn new(outside: &Server, how: &str) -> Self {
        let name = unique_name();
        outside.run(&[&format!("create database {name} {how}")]);
        Self { server: outside.of_database(&name), outside: outside.clone(), name }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.outside.run(&[&format!("drop database {} with (force)", self.name)]);
        }
    }
}

/// A name that nobody else uses at the same time.
pub(crate) fn unique_name() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("segno_chat_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
