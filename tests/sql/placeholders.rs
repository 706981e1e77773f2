//! One way to write placeholders, `?1` and `?2`, on every database.

use segno::{Happened, Io, Params, SqlErrorKind};

use crate::{
    case::{Case, cases},
    home::Home,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![portable_placeholders_mean_the_same, the_own_placeholders_work, a_foreign_placeholder_is_refused]
}

fn portable_placeholders_mean_the_same(home: &Home) {
    home.prepare(&TABLE);
    let one = |n: i64, word: &str| Params::from((n, word));
    let cases: [(&str, Params, bool); 11] = [
        ("select 1 as x from t where a = ?1 and b = ?2", one(7, "x?1"), true),
        ("select 1 as x from t where b = ?2 and a = ?1", one(7, "x?1"), true),
        ("select 1 as x from t where b = ?2 and a = ?1 and ?1 = a and ?2 = b", one(7, "x?1"), true),
        ("select 1 as x from t where a = ?1 and b = ?2", one(7, "x"), false),
        ("select 1 as x from t where a = ?1 and b = 'x?1'", [7].into(), true),
        ("select 1 as x from t where a = ?1 and b = 'x?2'", [7].into(), false),
        ("select 1 as x from t where a = ?1 and 'it''s ?2' = 'it''s ?2'", [7].into(), true),
        ("select 1 as x from t /* ?2, it's ?3 */ where a = ?1", [7].into(), true),
        ("select 1 as x from t -- ?2, it's ?3\n where a = ?1", [7].into(), true),
        ("select 1 as x from t where a=?1 and(b)=(?2)", one(7, "x?1"), true),
        (
            "select 1 as x from t where a in (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (0..10).map(Into::into).collect::<Vec<_>>().into(),
            true,
        ),
    ];
    home.run(async move |mut io: Io| {
        for (text, params, found) in cases {
            let rows = io.sql(text, params).await.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(!rows.is_empty(), found, "{text}");
        }
        Ok(())
    });
}

fn the_own_placeholders_work(home: &Home) {
    home.prepare(&TABLE);
    let text = home.words(
        "select 1 as x from t where a = ? and b = ?",
        "select 1 as x from t where a = $1 and b = $2 and $1 = a",
        "select 1 as x from t where a = ? and b = ?",
    );
    home.run(async move |mut io: Io| {
        assert_eq!(io.sql(text, (7, "x?1")).await?.len(), 1);
        Ok(())
    });
}

fn a_foreign_placeholder_is_refused(home: &Home) {
    home.prepare(&TABLE);
    let texts: &[&str] = home.words(
        &["select 1 as x from t where a = :a", "select 1 as x from t where a = @a"],
        &["select 1 as x from t where a = ?1 and a = $1"],
        &["select 1 as x from t where a = ?1 and a = ?"],
    );
    home.run(async move |mut io: Io| {
        for text in texts {
            let error = io.sql(*text, [7]).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Params, Happened::No), "{text}: {error}");
        }
        Ok(())
    });
}

const TABLE: [&str; 2] = ["create table t (a integer, b varchar(40))", "insert into t values (7, 'x?1')"];
