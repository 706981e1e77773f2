//! Panics as text, and panics that nobody is to see.

use std::any::Any;
#[cfg(feature = "testing")]
use std::{
    cell::Cell,
    panic::{set_hook, take_hook},
    sync::Once,
};

/// What a caught panic says.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".into())
}

/// Runs this without a word about the panics that it catches: thousands of runs may panic on the way to the one that is
/// reported.
#[cfg(feature = "testing")]
pub(crate) fn quietly<T>(run: impl FnOnce() -> T) -> T {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let loud = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                loud(panic);
            }
        }));
    });
    let before = QUIET.replace(true);
    let done = run();
    QUIET.set(before);
    done
}

#[cfg(feature = "testing")]
thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}
