//! No message shows a password, a user, a URL or a parameter's value.

use std::time::Duration;

use segno::{Database, DatabaseOptions, Happened, Io, SqlError, SqlErrorKind, Value};

use crate::{
    case::{Case, cases},
    home::Home,
    steps::Client,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        no_message_shows_a_parameter,
        a_wrong_password_is_said_without_it on [Postgres, MySql],
        a_server_that_is_not_there_is_said_without_its_url on [Postgres, MySql],
        a_database_that_is_not_there_is_said_without_the_url on [Postgres, MySql],
        a_url_that_is_wrong_is_not_shown,
    ]
}

fn no_message_shows_a_parameter(home: &Home) {
    home.prepare(&[
        "create table person (id integer primary key, name varchar(20) not null, email varchar(40) unique,
            constraint short_name check (name <> 's3cr3t' and email <> 'x'))",
        "insert into person values (1, 'ada', 's3cr3t')",
    ]);
    let insert = "insert into person (id, name, email) values (?1, ?2, ?3)";
    let cases: [(&str, Vec<Value>, Option<SqlErrorKind>); 7] = [
        (insert, vec![2.into(), "ada".into(), SECRET.into()], Some(SqlErrorKind::Unique)),
        (insert, vec![2.into(), SECRET.into(), "a".into()], Some(SqlErrorKind::Check)),
        (insert, vec![2.into(), Value::Null, SECRET.into()], Some(SqlErrorKind::NotNull)),
        (insert, vec![SECRET.into(), "b".into(), "b".into()], None),
        ("select nothing(?1)", vec![SECRET.into()], None),
        ("select ?1 from nowhere", vec![SECRET.into()], Some(SqlErrorKind::MissingTable)),
        ("selct ?1", vec![SECRET.into()], Some(SqlErrorKind::Syntax)),
    ];
    home.run(async move |mut io: Io| {
        for (text, params, kind) in cases {
            let error = io.sql(text, params).await.unwrap_err();
            assert_eq!(error.happened, Happened::No, "{text}: {error}");
            assert!(kind.is_none_or(|kind| kind == error.kind), "{text}: {error:?}");
            hides(&error, &[SECRET]);
        }
        Ok(())
    });
    let long = home.words(None, Some("s3cr3t ".repeat(9)), Some("s3cr3t ".repeat(9)));
    if let Some(long) = long {
        home.run(async move |mut io: Io| {
            let error = io.sql(insert, (3, long, "c")).await.unwrap_err();
            assert_eq!(error.happened, Happened::No, "{error}");
            hides(&error, &[SECRET]);
            Ok(())
        });
    }
}

fn a_wrong_password_is_said_without_it(home: &Home) {
    let Place { user, password, .. } = Place::of(home);
    let url = home.url.replacen(&password, "wr0ng", 1);
    let error = refused(&url);
    assert_eq!(error.kind, SqlErrorKind::Database, "{error}");
    hides(&error, &["wr0ng", &password, &format!("'{user}'"), &format!("\"{user}\""), &url]);
}

fn a_server_that_is_not_there_is_said_without_its_url(home: &Home) {
    let Place { password, address, .. } = Place::of(home);
    // Nothing listens at it: it is bound, and closed again.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let url = home.url.replacen(&address, &free, 1);
    let error = refused(&url);
    assert!(matches!(error.kind, SqlErrorKind::ConnectionLost | SqlErrorKind::PoolExhausted), "{error}");
    hides(&error, &[&password, &url, &free]);
}

fn a_database_that_is_not_there_is_said_without_the_url(home: &Home) {
    let Place { password, .. } = Place::of(home);
    let url = format!("{}_nowhere", home.url);
    let error = refused(&url);
    assert_eq!(error.kind, SqlErrorKind::Database, "{error}");
    hides(&error, &[&password, &url]);
}

fn a_url_that_is_wrong_is_not_shown(home: &Home) {
    for end in ["?no-such-option=s3cr3t", "?mode=s3cr3t&sslmode=s3cr3t&ssl-mode=s3cr3t", ":s3cr3t/s3cr3t?="] {
        let url = format!("{}{end}", home.url);
        // An option that the driver does not know may be passed over; then there is nothing to hide.
        if let Err(error) = Database::open(&url) {
            assert_eq!(error.happened, Happened::No, "{error}");
            hides(&error, &["s3cr3t", &url, &home.url]);
        }
    }
}

/// What the first statement says, which surely did nothing.
fn refused(url: &str) -> SqlError {
    let options = DatabaseOptions { acquire_time_limit: Duration::from_secs(2), ..DatabaseOptions::default() };
    let error = smol::block_on(async {
        let database = Database::open_with(url, &options).unwrap();
        Client::of(&database).run("select 1").await.unwrap_err()
    });
    assert_eq!(error.happened, Happened::No, "{error}");
    error
}

#[track_caller]
fn hides(error: &SqlError, secrets: &[&str]) {
    for secret in secrets {
        assert!(!format!("{error} {error:?}").contains(secret), "`{secret}` is shown: {error:?}");
    }
}

/// What a URL is made of.
struct Place {
    user: String,
    password: String,
    address: String,
}

impl Place {
    fn of(home: &Home) -> Self {
        let (_, rest) = home.url.split_once("://").unwrap();
        let (account, rest) = rest.rsplit_once('@').unwrap();
        let (user, password) = account.split_once(':').unwrap();
        let (address, _) = rest.split_once('/').unwrap();
        Self { user: user.into(), password: password.into(), address: address.into() }
    }
}

const SECRET: &str = "s3cr3t";
