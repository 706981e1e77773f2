//! What is checked on each database.

use crate::home::{Home, Kind};

/// One thing that holds on some databases, mostly on all.
pub(crate) struct Case {
    /// The topic and what holds: `transactions::a_commit_keeps`.
    pub(crate) name: String,
    pub(crate) kinds: &'static [Kind],
    pub(crate) check: fn(&Home),
}

impl Case {
    pub(crate) fn new(module: &str, name: &str, kinds: &'static [Kind], check: fn(&Home)) -> Self {
        let topic = module.rsplit("::").next().unwrap_or(module);
        Self { name: format!("{topic}::{name}"), kinds, check }
    }
}

/// The cases of a topic, by their functions' names: on all databases, or on those that are named.
macro_rules! cases {
    ($($check:ident $(on [$($kind:ident),+])?),+ $(,)?) => {
        vec![$($crate::case::Case::new(
            module_path!(),
            stringify!($check),
            $crate::case::cases!(@kinds $($($kind),+)?),
            $check,
        )),+]
    };
    (@kinds) => { &$crate::home::Kind::ALL };
    (@kinds $($kind:ident),+) => { &[$($crate::home::Kind::$kind),+] };
}

pub(crate) use cases;
