//! Unix sockets, and the files that stand for them.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use socket2::{Domain, SockAddr, Socket, Type};

use super::{Listener, QUEUE};
use crate::smol::serve_error::ServeError;

impl Listener {
    /// Listens on a unix socket at this path.
    ///
    /// A socket file that is left over, and that nobody answers on, is replaced. The file is removed when the server takes no
    /// more requests. Who may connect is for the file's permissions to say, which are those that the process's umask
    /// leaves: a folder that only the right users may enter is the surest way.
    ///
    /// # Errors
    ///
    /// If another program serves there, if there is a file that is no socket, or if the socket cannot be bound: its
    /// path may have about 100 bytes.
    pub fn unix(path: impl AsRef<Path>) -> Result<Self, ServeError> {
        let path = path.as_ref();
        let bound = bind(path).and_then(|socket| Ok(Self { socket, _file: Some(SocketFile::new(path)?) }));
        bound.map_err(|error| ServeError::Bind { address: path.display().to_string(), error })
    }
}

/// A socket that is bound already, and listens. Its file is not removed: it is its maker's.
impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::new(listener.into())
    }
}

fn bind(path: &Path) -> io::Result<Socket> {
    let address = SockAddr::unix(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(path, &address)? => {
            fs::remove_file(path)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    socket.listen(QUEUE)?;
    Ok(socket)
}

/// Whether this is a socket that nobody serves.
fn is_left_over(path: &Path, address: &SockAddr) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::other("there is a file of this name, and it is no socket"));
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // One whose queue is full is served, and would keep us waiting.
    probe.set_nonblocking(true)?;
    Ok(probe.connect(address).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}

/// The file of a socket of ours, which is removed with it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        // The server may go to another folder before it ends.
        let path = std::path::absolute(path)?;
        let file = fs::symlink_metadata(&path)?;
        Ok(Self { path, device: file.dev(), inode: file.ino() })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have put its own there.
        let is_ours = |file: fs::Metadata| (file.dev(), file.ino()) == (self.device, self.inode);
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the socket's file could not be removed");
        }
    }
}
