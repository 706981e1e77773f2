//! What scripts are made of.

use segno::SqlErrorKind;

/// What it shows, and its steps.
pub(super) type Script = (&'static str, &'static [Step]);

/// One step of a script: a word in capitals does something with the transaction or with a stream of rows, `TX` stands
/// before a statement or a stream of the transaction, and anything else is a statement outside of it.
pub(super) type Step = (&'static str, Expected);

/// What a step is expected to do, so that no script is about something else than it seems to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    Works,
    Fails(SqlErrorKind),
}

/// What is committed.
pub(super) const ALL: Step = ("select * from note order by id", Expected::Works);

/// What there is before a script.
pub(super) const SCHEMA: &str =
    "create table note (id integer primary key, text text not null unique, done boolean default 0);
create table parent (id integer primary key);
create table strict_parent (id integer primary key);
create table child (id integer primary key, one unique, some not null check (some > 0), parent references parent (id));
create table later (parent references parent (id) deferrable initially deferred);
create table strict_child (parent references strict_parent (id) on delete restrict);
create table typed (x integer) strict;
create table word (word text primary key) without rowid;
insert into parent values (1);
insert into strict_parent values (1);
insert into strict_child values (1);
insert into child values (1, 1, 1, 1);
insert into note (id, text) values (1, 'first')";
