//! Certificates for servers of the test, good and bad ones, made by openssl.

use std::{fs, path::Path, process::Command, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tempfile::TempDir;

/// What a certificate says, and who vouches for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    /// The names in it.
    pub(super) names: &'static str,
    /// When it begins and ends to be valid, as openssl writes times.
    pub(super) valid: [&'static str; 2],
    /// Whether the authority that the server trusts has signed it; if not, it has signed itself.
    pub(super) is_signed: bool,
}

/// Names of Instagram, in force for a long time, signed by whom the server trusts.
pub(super) const GOOD: Stated = Stated {
    names: "DNS:instagram.com,DNS:*.instagram.com,DNS:*.cdninstagram.com,DNS:*.fbcdn.net",
    valid: ["20200101000000Z", "20991231235959Z"],
    is_signed: true,
};

const AUTHORITY: &str = "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\n\
    policy=p\nunique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n[req]\ndistinguished_name=d\n[d]\n\
    [own]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n[leaf]\nbasicConstraints=CA:FALSE\n\
    extendedKeyUsage=serverAuth\n";

/// An authority that exists for one test.
pub(super) struct Authority(TempDir);

impl Authority {
    pub(super) fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        fs::write(authority.0.path().join("config"), AUTHORITY).unwrap();
        fs::write(authority.0.path().join("index"), "").unwrap();
        fs::write(authority.0.path().join("serial"), "01").unwrap();
        authority.key("ca");
        // No two have the same name.
        let name = authority.0.path().file_name().unwrap().to_str().unwrap();
        authority.openssl(&format!(
            "req -x509 -config config -extensions own -days 9000 -subj /CN={name} -key ca.key -out ca.pem"
        ));
        authority
    }

    /// The file for `SSL_CERT_FILE`.
    pub(super) fn file(&self) -> String {
        self.0.path().join("ca.pem").to_str().unwrap().to_owned()
    }

    /// A server that shows such a certificate and speaks these protocols.
    pub(super) fn server(&self, stated: Stated, protocols: &[&str]) -> Arc<ServerConfig> {
        self.certify(stated);
        let folder = self.0.path();
        let certificate = CertificateDer::from_pem_file(folder.join("leaf.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("leaf.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        config.alpn_protocols = protocols.collect();
        Arc::new(config)
    }

    /// Writes such a certificate and its key to `leaf.pem` and `leaf.key` in the folder that it returns.
    pub(super) fn certify(&self, stated: Stated) -> &Path {
        self.key("leaf");
        let names = stated.names;
        let request = "req -new -config config -subj /CN=leaf -key leaf.key -out leaf.csr -addext";
        self.run(request, &[&format!("subjectAltName={names}")]);
        let [from, until] = stated.valid;
        let signer = match stated.is_signed {
            true => "-cert ca.pem -keyfile ca.key",
            false => "-selfsign -keyfile leaf.key",
        };
        self.openssl(&format!(
            "ca -batch -notext -config config -extensions leaf -startdate {from} -enddate {until} {signer} -in leaf.csr -out leaf.pem"
        ));
        self.0.path()
    }

    fn key(&self, name: &str) {
        self.openssl(&format!(
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"
        ));
    }

    fn openssl(&self, arguments: &str) {
        self.run(arguments, &[]);
    }

    fn run(&self, arguments: &str, more: &[&str]) {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .args(more)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments}: {output:?}");
    }
}
