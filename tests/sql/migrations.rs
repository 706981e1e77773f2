//! Migrations at the start of a program.

use std::fs;

use segno::{Database, Happened, Io, MigrateError, Migrations, Row, SqlError, SqlErrorKind};

use crate::{
    case::{Case, cases},
    home::{Home, Kind},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        each_file_is_carried_out_once_and_in_order,
        what_is_remembered_is_what_sqlx_remembers,
        a_file_that_was_changed_or_is_gone_is_refused,
        a_file_that_fails_leaves_what_the_database_cannot_undo,
        a_file_may_do_without_a_transaction on [Sqlite, Postgres],
        many_programs_may_start_at_once,
        names_that_are_none_are_refused,
        a_database_that_is_not_there_is_said_without_its_url on [Postgres, MySql],
    ]
}

fn each_file_is_carried_out_once_and_in_order(home: &Home) {
    const TWO: Migrations = Migrations::embedded(&[("some/where/0002_first_visit.sql", VISIT.1), VISITS]);
    let database = home.open();
    smol::block_on(async {
        for migrations in [read(&[VISITS]), TWO, TWO, read(&[VISITS, ("0002_first_visit.sql", VISIT.1), VISIT_ELEVEN])]
        {
            database.migrate(&migrations).await.unwrap();
        }
    });
    let seen = home.run(async |mut io: Io| {
        let rows = io.sql("select id from visit order by id", ()).await?;
        Ok(rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>, _>>()?)
    });
    assert_eq!(seen, [1, 2, 11]);
}

fn what_is_remembered_is_what_sqlx_remembers(home: &Home) {
    migrate(&home.open(), &[VISITS, ("0002_one_visit.up.sql", VISIT.1), ("0002_one_visit.down.sql", "selct")]).unwrap();
    let remembered = home.run(async |mut io: Io| {
        let columns = "select version, description, length(checksum) as length, success";
        let rows = io.sql(format!("{columns} from _sqlx_migrations order by version"), ()).await?;
        let read = |row: Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        Ok(rows.iter().map(read).collect::<Result<Vec<(i64, String, i64, bool)>, SqlError>>()?)
    });
    // SHA-384 of the file's text.
    assert_eq!(remembered, [(1, "visits".into(), 48, true), (2, "one visit".into(), 48, true)]);
}

fn a_file_that_was_changed_or_is_gone_is_refused(home: &Home) {
    let database = home.open();
    migrate(&database, &[VISITS, VISIT]).unwrap();
    let changed = migrate(&database, &[VISITS, (VISIT.0, "insert into visit (id) values (3)")]).unwrap_err();
    assert_eq!(changed, MigrateError::Changed(2));
    assert!(changed.to_string().contains("migration 2 was changed"), "{changed}");
    assert_eq!(migrate(&database, &[VISITS, VISIT_ELEVEN]), Err(MigrateError::Missing(2)));
    // Neither leaves anything behind, nor a lock.
    migrate(&home.open(), &[VISITS, VISIT]).unwrap();
    assert_eq!(home.count("visit"), 2);
}

fn a_file_that_fails_leaves_what_the_database_cannot_undo(home: &Home) {
    let database = home.open();
    let failing = ("0002_one_visit.sql", "create table half (id integer); insert into nowhere values (1)");
    let error = migrate(&database, &[VISITS, failing]).unwrap_err();
    let MigrateError::Failed { version: 2, error } = error else { panic!("{error}") };
    assert_eq!(error.kind, SqlErrorKind::MissingTable, "{error}");
    let mended = [VISITS, VISIT];
    if home.kind == Kind::MySql {
        let error = migrate(&database, &mended).unwrap_err();
        assert_eq!(error, MigrateError::Dirty(2));
        home.prepare(&["drop table half", "delete from _sqlx_migrations where version = 2"]);
    }
    migrate(&home.open(), &mended).unwrap();
    assert_eq!(home.count("visit"), 2);
    home.prepare(&["create table half (id integer)"]);
}

fn a_file_may_do_without_a_transaction(home: &Home) {
    let outside = home.words("-- no-transaction\nvacuum", "-- no-transaction\nvacuum visit", "");
    let database = home.open();
    for _ in 0..2 {
        migrate(&database, &[VISITS, VISIT, ("0003_vacuum.sql", outside)]).unwrap();
    }
    let refused = migrate(&database, &[VISITS, VISIT, ("0003_vacuum.sql", outside), ("0004_again.sql", "vacuum")]);
    assert!(matches!(refused, Err(MigrateError::Failed { version: 4, .. })), "{refused:?}");
}

fn many_programs_may_start_at_once(home: &Home) {
    let programs: Vec<_> = (0..PROGRAMS)
        .map(|_| {
            let database = home.open();
            std::thread::spawn(move || migrate(&database, &[VISITS, VISIT, VISIT_ELEVEN]))
        })
        .collect();
    for program in programs {
        program.join().unwrap().unwrap();
    }
    assert_eq!(home.count("visit"), 3);
}

fn names_that_are_none_are_refused(home: &Home) {
    let database = home.open();
    for name in ["visits.sql", "one_visit.sql", "0001-visits.sql", "_.sql", "99999999999999999999_visits.sql"] {
        assert_eq!(migrate(&database, &[(name, "select 1")]), Err(MigrateError::Name(name.into())));
    }
    assert_eq!(migrate(&database, &[VISITS, ("1_other.sql", "select 1")]), Err(MigrateError::Twice(1)));
    // What is no SQL is nothing to do with it.
    migrate(&database, &[("README.md", "About the files beside it."), VISITS]).unwrap();
    let missing = Migrations::directory("no/such/directory").unwrap_err();
    assert!(matches!(&missing, MigrateError::Read(said) if said.contains("no/such/directory")), "{missing}");
}

fn a_database_that_is_not_there_is_said_without_its_url(home: &Home) {
    let database = Database::open(&format!("{}_nowhere", home.url)).unwrap();
    let error = migrate(&database, &[VISITS]).unwrap_err();
    let MigrateError::Database(sql) = &error else { panic!("{error}") };
    assert_eq!(sql.happened, Happened::No, "{error}");
    assert!(!format!("{error} {error:?}").contains(&home.url), "{error}");
}

fn migrate(database: &Database, files: &[(&str, &str)]) -> Result<(), MigrateError> {
    smol::block_on(database.migrate(&read(files)))
}

/// These files, out of a directory.
fn read(files: &[(&str, &str)]) -> Migrations {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    Migrations::directory(folder.path()).unwrap()
}

const VISITS: (&str, &str) = (
    "0001_visits.sql",
    "create table visit (id integer primary key);
     insert into visit (id) values (1);",
);
const VISIT: (&str, &str) = ("0002_one_visit.sql", "insert into visit (id) values (2)");
const VISIT_ELEVEN: (&str, &str) = ("11_visit_eleven.sql", "insert into visit (id) select max(id) + 9 from visit");

/// More than one waits for another.
const PROGRAMS: usize = 6;
