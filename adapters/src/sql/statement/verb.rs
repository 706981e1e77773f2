//! The words that say what a statement does.

use super::{super::dialect::Dialect, token::is_one_of};

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Gives rows, and changes nothing itself. A function that it calls may change something: no text tells.
    Read,
    /// Inserts rows.
    Insert,
    /// Updates or deletes rows.
    Change,
    /// Creates, alters or drops a table, an index and so on.
    Schema,
    /// Anything else.
    Other,
}

impl Verb {
    /// What a statement does that begins with this word.
    pub(super) fn of(word: &str, dialect: Dialect) -> Self {
        const VERBS: [(&[&str], Verb); 4] = [
            (&["select", "values", "explain"], Verb::Read),
            (&["insert", "replace"], Verb::Insert),
            (&["update", "delete"], Verb::Change),
            (&["create", "alter", "drop"], Verb::Schema),
        ];
        const OF_POSTGRES: [(&[&str], Verb); 3] = [
            (&["table", "show"], Verb::Read),
            (&["merge"], Verb::Change),
            (&["truncate", "comment", "grant", "revoke"], Verb::Schema),
        ];
        const OF_MYSQL: [(&[&str], Verb); 2] = [
            (&["table", "show", "describe", "desc"], Verb::Read),
            (&["truncate", "rename", "grant", "revoke"], Verb::Schema),
        ];
        let more = match dialect {
            Dialect::Sqlite => &[][..],
            Dialect::Postgres => &OF_POSTGRES,
            Dialect::MySql => &OF_MYSQL,
        };
        let mut verbs = VERBS.iter().chain(more);
        verbs.find(|(words, _)| is_one_of(word, words)).map_or(Self::Other, |(_, verb)| *verb)
    }
}

/// Why a statement that begins with these words is not for a handler to ask, if it is not. Each word that it begins with
/// is to be asked for.
pub(super) fn refusal(head: &[&str], dialect: Dialect) -> Option<&'static str> {
    if controls_transaction(head, dialect) {
        Some("a transaction is not controlled by statements: use `io.transaction`")
    } else if dialect == Dialect::MySql && (is_phrase(head, &OF_CONNECTION) || sets_a_variable(head)) {
        Some(HELD_BY_CONNECTION)
    } else if dialect == Dialect::Postgres && is_phrase(head, &[&["listen"]]) {
        Some("a handler hears nothing on this connection: subscribe to a channel of the chat")
    } else if dialect == Dialect::Postgres && is_phrase(head, &[&["copy"]]) {
        Some("nothing can be copied from or to the client: insert or select instead")
    } else {
        None
    }
}

/// As [`refusal`], of a statement that has no more words than these.
pub(super) fn refusal_at_end(head: &[&str], dialect: Dialect) -> Option<&'static str> {
    // A name in quotation marks is no word.
    let sets = matches!(head, [first, ..] if is_one_of(first, &["set"])) && head[1..].iter().all(|word| is_scope(word));
    (dialect == Dialect::MySql && sets).then_some(HELD_BY_CONNECTION)
}

/// Whether this sets a variable: of the session, or perhaps of it beside others. Variables are also named in quotation marks.
fn sets_a_variable(head: &[&str]) -> bool {
    match head {
        [set, scope, name] if is_one_of(set, &["set"]) && is_scope(scope) => !is_one_of(name, &["transaction"]),
        [set, name] if is_one_of(set, &["set"]) => !is_scope(name) && !is_one_of(name, &["password", "default"]),
        _ => false,
    }
}

/// Whether the word says whose variable is set.
fn is_scope(word: &str) -> bool {
    is_one_of(word, &["session", "local", "global"])
}

/// Whether these words, and nothing before them, begin, end or divide a transaction, or set how the next ones begin.
pub(super) fn controls_transaction(head: &[&str], dialect: Dialect) -> bool {
    const CONTROL: [&[&str]; 6] = [&["begin"], &["commit"], &["end"], &["rollback"], &["savepoint"], &["release"]];
    const OF_SERVERS: [&[&str]; 7] = [
        &["start", "transaction"],
        &["abort"],
        &["set", "transaction"],
        &["set", "session", "transaction"],
        &["set", "local", "transaction"],
        &["prepare", "transaction"],
        &["set", "session", "characteristics"],
    ];
    const OF_MYSQL: [&[&str]; 2] = [&["xa"], &["set", "global", "transaction"]];
    is_phrase(head, &CONTROL)
        || match dialect {
            Dialect::Sqlite => false,
            Dialect::Postgres => is_phrase(head, &OF_SERVERS),
            Dialect::MySql => is_phrase(head, &OF_SERVERS) || is_phrase(head, &OF_MYSQL),
        }
}

/// Whether MySQL commits what is open before it carries the statement out that begins so.
pub(super) fn commits_by_itself(head: &[&str]) -> bool {
    const COMMITTING: [&[&str]; 22] = [
        &["alter"],
        &["analyze", "local"],
        &["analyze", "no_write_to_binlog"],
        &["analyze", "table"],
        &["cache"],
        &["change"],
        &["check"],
        &["create"],
        &["drop"],
        &["flush"],
        &["grant"],
        &["install"],
        &["load", "index"],
        &["optimize"],
        &["rename"],
        &["repair"],
        &["reset"],
        &["revoke"],
        &["set", "password"],
        &["start"],
        &["truncate"],
        &["uninstall"],
    ];
    const TEMPORARY: [&[&str]; 3] =
        [&["create", "temporary"], &["create", "or", "replace", "temporary"], &["drop", "temporary"]];
    let begins = |phrases: &[&[&str]]| (1..=head.len()).any(|length| is_phrase(&head[..length], phrases));
    begins(&COMMITTING) && !begins(&TEMPORARY)
}

fn is_phrase(head: &[&str], phrases: &[&[&str]]) -> bool {
    phrases.iter().any(|phrase| {
        phrase.len() == head.len() && phrase.iter().zip(head).all(|(word, said)| word.eq_ignore_ascii_case(said))
    })
}

const HELD_BY_CONNECTION: &str = "it would hold for a connection, which others use next: lock rows by `select … for update` in a transaction, name a \
     table's database before the table, and set variables for the whole server, in its configuration";

/// What MySQL keeps with the connection. Locks end the transaction, too, and no rollback ends them.
const OF_CONNECTION: [&[&str]; 7] = [
    &["lock", "table"],
    &["lock", "tables"],
    &["lock", "instance"],
    &["unlock", "table"],
    &["unlock", "tables"],
    &["unlock", "instance"],
    &["use"],
];
