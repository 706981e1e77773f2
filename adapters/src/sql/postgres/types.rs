//! The types of PostgreSQL that have a value here.

use sqlx::{
    TypeInfo,
    postgres::{PgTypeInfo, PgTypeKind},
};

/// How the values of a type are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form<'a> {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Text,
    /// One byte: `"char"`.
    Char,
    Bytes,
    Date,
    Time,
    DateTime,
    Timestamp,
    Uuid,
    Json,
    Jsonb,
    /// What a function gives that gives nothing.
    Void,
    Array(&'a PgTypeInfo),
    /// Values of this type have no form here: they are cast to `text`.
    Other,
}

impl<'a> Form<'a> {
    pub(super) fn of(info: &'a PgTypeInfo) -> Self {
        if info.name() == UNRESOLVED {
            return Self::Other;
        }
        match info.kind() {
            PgTypeKind::Domain(base) => Self::of(base),
            PgTypeKind::Array(element) => Self::Array(element),
            PgTypeKind::Enum(_) => Self::Text,
            PgTypeKind::Simple if info.name().eq_ignore_ascii_case("citext") => Self::Text,
            PgTypeKind::Simple | PgTypeKind::Pseudo => Self::built_in(oid(info)),
            PgTypeKind::Composite(_) | PgTypeKind::Range(_) => Self::Other,
        }
    }

    /// By the numbers of `pg_type.dat`, which never change.
    fn built_in(oid: u32) -> Self {
        match oid {
            16 => Self::Bool,
            17 => Self::Bytes,
            18 => Self::Char,
            20 => Self::Int8,
            21 => Self::Int2,
            23 => Self::Int4,
            26 => Self::Oid,
            // name, text, unknown, char(n), varchar(n)
            19 | 25 | 705 | 1042 | 1043 => Self::Text,
            114 => Self::Json,
            700 => Self::Float4,
            701 => Self::Float8,
            1082 => Self::Date,
            1083 => Self::Time,
            1114 => Self::DateTime,
            1184 => Self::Timestamp,
            1700 => Self::Numeric,
            2278 => Self::Void,
            2950 => Self::Uuid,
            3802 => Self::Jsonb,
            _ => Self::Other,
        }
    }
}

/// The number of a type in its database; 0 is none.
pub(super) fn oid(info: &PgTypeInfo) -> u32 {
    info.oid().map_or(0, |oid| oid.0)
}

/// What a type is called in SQL.
pub(super) fn name(info: &PgTypeInfo) -> String {
    match info.name() {
        UNRESOLVED => "of an unknown type".to_owned(),
        // The driver shouts the names of what is built in.
        name if oid(info) < FIRST_OF_USERS => name.to_ascii_lowercase(),
        name => name.to_owned(),
    }
}

/// What the driver calls a type that it found no name for.
const UNRESOLVED: &str = "?";

/// Below are the types that come with the server: `FirstNormalObjectId`.
const FIRST_OF_USERS: u32 = 16_384;
