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
    with(true, run)
}

/// Runs this with its panics shown, within what is quiet: they are the test's own mistake.
#[cfg(feature = "testing")]
pub(crate) fn loudly<T>(run: impl FnOnce() -> T) -> T {
    with(false, run)
}

#[cfg(feature = "testing")]
fn with<T>(quiet: bool, run: impl FnOnce() -> T) -> T {
    /// Sets it back, also when a panic goes through.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            QUIET.set(self.0);
        }
    }
    let _before = Before(QUIET.replace(quiet));
    run()
}

#[cfg(feature = "testing")]
thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}
