// Debian's libcurl brings GnuTLS along (for RTMP and LDAP), which sets up its ciphers and opens /dev/urandom as soon as
// it is loaded. No protocol of ours uses it. This is how <gnutls/gnutls.h> lets a program decline
// (GNUTLS_SKIP_GLOBAL_INIT): 0.9 MB less. The program has to export the function: see link_flags in packaging/lib.sh.
int _gnutls_global_init_skip(void);
int _gnutls_global_init_skip(void) { return 1; }
