//! Times sspi-rs's CredSSP, both ends in this process, for credssp.py.
//!
//! Reads commands, one a line, and answers each with a line:
//!
//!     mech spnego|raw     NTLM in SPNEGO, or NTLMSSP without it
//!     handshake N         "ok NANOSECONDS", for one of N
//!
//! What sspi-rs has is the exchange of TSRequests.  TLS is the caller's, so
//! here there is none: the ends are given the same public key.  Kerberos
//! would need a KDC behind a network client of sspi-rs's own, and is not
//! measured.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use sspi::credssp::{
    ClientMode, ClientState, CredSspClient, CredSspMode, CredSspServer, CredentialsProxy, ServerMode, ServerState,
    TsRequest,
};
use sspi::ntlm::NtlmConfig;
use sspi::{AuthIdentity, Credentials, NegotiateConfig, Secret, Username};

const TARGET: &str = "HOST/web01.test.example";
const COMPUTER: &str = "bench";
/// As long as an RSA-2048 key is.
const PUBLIC_KEY: [u8; 270] = [0x5a; 270];
const LEGS_MAX: usize = 10;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

struct Accounts(AuthIdentity);

impl CredentialsProxy for Accounts {
    type AuthenticationData = AuthIdentity;

    fn auth_data_by_user(&mut self, _: &Username) -> io::Result<AuthIdentity> {
        Ok(self.0.clone())
    }

    fn auth_data(&mut self) -> io::Result<Vec<AuthIdentity>> {
        Ok(vec![self.0.clone()])
    }
}

fn ntlm() -> NtlmConfig {
    NtlmConfig {
        client_computer_name: Some(COMPUTER.to_owned()),
    }
}

fn in_spnego() -> NegotiateConfig {
    NegotiateConfig::new(
        Box::new(ntlm()),
        Some("ntlm,!kerberos,!pku2u".to_owned()),
        COMPUTER.to_owned(),
    )
}

fn ends(user: &AuthIdentity, spnego: bool) -> Outcome<(CredSspClient, CredSspServer<Accounts>)> {
    let (client, server) = if spnego {
        (ClientMode::Negotiate(in_spnego()), ServerMode::Negotiate(in_spnego()))
    } else {
        (ClientMode::Ntlm(ntlm()), ServerMode::Ntlm(ntlm()))
    };
    Ok((
        CredSspClient::new(
            PUBLIC_KEY.to_vec(),
            Credentials::AuthIdentity(user.clone()),
            CredSspMode::WithCredentials,
            client,
            TARGET.to_owned(),
        )?,
        CredSspServer::new(PUBLIC_KEY.to_vec(), Accounts(user.clone()), server)?,
    ))
}

/// As over a wire: encoded, and decoded.
fn send(request: &TsRequest) -> Outcome<TsRequest> {
    let mut bytes = Vec::with_capacity(usize::from(request.buffer_len()?));
    request.encode_ts_request(&mut bytes)?;
    Ok(TsRequest::from_buffer(&bytes)?)
}

/// Returns whether the server got the user's password.
fn handshake(user: &AuthIdentity, spnego: bool) -> Outcome<bool> {
    let (mut client, mut server) = ends(user, spnego)?;
    let mut request = TsRequest::default();

    for _ in 0..LEGS_MAX {
        let (ClientState::ReplyNeeded(said) | ClientState::FinalMessage(said)) =
            client.process(request).resolve_to_result()?;
        match server.process(send(&said)?).resolve_to_result().map_err(|e| e.error)? {
            ServerState::ReplyNeeded(answer) => request = send(&answer)?,
            ServerState::Finished(got) => return Ok(got.password == user.password),
        }
    }
    Err("the exchange does not end".into())
}

fn measure(user: &AuthIdentity, spnego: bool, n: u32) -> Outcome<String> {
    let start = Instant::now();

    for _ in 0..n {
        if !handshake(user, spnego)? {
            return Err("another password arrived".into());
        }
    }
    Ok(format!("ok {:.1}", start.elapsed().as_nanos() as f64 / f64::from(n)))
}

fn main() -> Outcome<()> {
    let user = AuthIdentity {
        username: Username::new("alice", Some("TEST"))?,
        password: Secret::from("password".to_owned()),
    };
    let mut spnego = true;

    for line in io::stdin().lock().lines() {
        let line = line?;
        let reply = match line.split_once(' ') {
            Some(("mech", name)) => {
                spnego = name == "spnego";
                Ok("ok".to_owned())
            }
            Some(("handshake", n)) => measure(&user, spnego, n.parse()?),
            _ => Err("unknown command".into()),
        };
        println!("{}", reply.unwrap_or_else(|e: Box<dyn std::error::Error>| format!("error {e}")));
        io::stdout().flush()?;
    }
    Ok(())
}
