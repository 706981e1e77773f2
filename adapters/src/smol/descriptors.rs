//! How many files and sockets the process may open.

/// As many as the process may open once it has [raised](raise) its limit.
pub(crate) fn most() -> usize {
    #[cfg(unix)]
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    #[cfg(not(unix))]
    let most = None;
    most.and_then(|most: u64| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// Raises the process's own limit to the one that the system sets. The low one is for programs that use `select`, which
/// knows no more descriptors; a server does not.
pub(crate) fn raise() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, ..limit };
        if limit != raised
            && let Err(error) = setrlimit(Resource::Nofile, raised)
        {
            tracing::debug!(%error, "the limit of descriptors could not be raised");
        }
    }
}
