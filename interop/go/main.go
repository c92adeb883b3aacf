// Command interop is golang.org/x/oauth2 with go-oidc as an application uses them, against the
// Mandate of the environment. The libraries check issuer, audience, times and the signature by the
// JWKS; state, nonce and `iss` of the answer are the application's part and are checked here.
// Prints `ok STEP` for each step that held.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

var (
	issuer   = os.Getenv("INTEROP_ISSUER")
	clientID = os.Getenv("INTEROP_CLIENT_ID")
	secret   = os.Getenv("INTEROP_CLIENT_SECRET")
	callback = os.Getenv("INTEROP_REDIRECT_URI")
	scopes   = strings.Fields(os.Getenv("INTEROP_SCOPE"))
)

// application is what is needed at every step.
type application struct {
	provider *oidc.Provider
	config   oauth2.Config
}

// begun is a person who came back, and what has to fit.
type begun struct{ code, verifier, nonce string }

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	// Refuses a document of another issuer.
	provider, err := oidc.NewProvider(ctx, issuer)
	must(err)
	app := application{provider, oauth2.Config{
		ClientID: clientID, ClientSecret: secret, RedirectURL: callback,
		Endpoint: provider.Endpoint(), Scopes: scopes,
	}}
	ok("discovery")
	first := app.begin()
	ok("authorize")
	tokens, err := app.exchange(ctx, first)
	must(err)
	ok("code")
	app.readIDToken(ctx, tokens, first.nonce)
	app.readUserinfo(ctx, tokens)
	app.turn(ctx, tokens)
	_, err = app.exchange(ctx, first)
	refused("a code twice", err)
	ok("code_twice")
	app.actForItself(ctx)
}

func (app application) begin() begun {
	state, nonce, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	address := app.config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	out, err := exec.Command(os.Getenv("INTEROP_PERSON"), address).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		log.Fatal(string(exit.Stderr))
	}
	must(err)
	back, err := url.Parse(strings.TrimSpace(string(out)))
	must(err)
	same("state", back.Query().Get("state"), state)
	same("iss of the answer", back.Query().Get("iss"), issuer)
	return begun{back.Query().Get("code"), verifier, nonce}
}

func (app application) exchange(ctx context.Context, b begun) (*oauth2.Token, error) {
	return app.config.Exchange(ctx, b.code, oauth2.VerifierOption(b.verifier))
}

func (app application) readIDToken(ctx context.Context, tokens *oauth2.Token, nonce string) {
	raw, _ := tokens.Extra("id_token").(string)
	token, err := app.provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, raw)
	must(err)
	same("nonce", token.Nonce, nonce)
	must(token.VerifyAccessToken(tokens.AccessToken))
	ok("id_token: nonce and at_hash checked")
}

func (app application) readUserinfo(ctx context.Context, tokens *oauth2.Token) {
	info, err := app.provider.UserInfo(ctx, app.config.TokenSource(ctx, tokens))
	must(err)
	same("email", info.Email, os.Getenv("INTEROP_EMAIL"))
	ok("userinfo")
}

// refresh does what the library does once an access token has expired.
func (app application) refresh(ctx context.Context, token string) (*oauth2.Token, error) {
	expired := &oauth2.Token{RefreshToken: token, Expiry: time.Now().Add(-time.Hour)}
	return app.config.TokenSource(ctx, expired).Token()
}

func (app application) turn(ctx context.Context, first *oauth2.Token) {
	second, err := app.refresh(ctx, first.RefreshToken)
	must(err)
	ok("refresh")
	third, err := app.refresh(ctx, second.RefreshToken)
	must(err)
	if first.RefreshToken == second.RefreshToken || second.RefreshToken == third.RefreshToken {
		log.Fatal("a refresh token did not change")
	}
	ok("rotation")
	_, err = app.refresh(ctx, first.RefreshToken)
	refused("an old refresh token", err)
	_, err = app.refresh(ctx, third.RefreshToken)
	refused("its family", err)
	_, err = app.provider.UserInfo(ctx, oauth2.StaticTokenSource(third))
	if err == nil {
		log.Fatal("an access token of a stolen family is alive")
	}
	ok("theft")
}

func (app application) actForItself(ctx context.Context) {
	config := clientcredentials.Config{
		ClientID: clientID, ClientSecret: secret, TokenURL: app.provider.Endpoint().TokenURL,
		Scopes: []string{"as_user:read"},
	}
	token, err := config.Token(ctx)
	must(err)
	if token.RefreshToken != "" {
		log.Fatal("client credentials gave a refresh token")
	}
	answer, err := config.Client(ctx).Get(issuer + "/oauth2/userinfo")
	must(err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		log.Fatalf("userinfo without openid: %d", answer.StatusCode)
	}
	ok("client_credentials")
}

// refused wants the error invalid_grant of the token endpoint.
func refused(what string, err error) {
	refusal := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &refusal) {
		log.Fatalf("%s: %v, not a refusal", what, err)
	}
	same(what, refusal.ErrorCode, "invalid_grant")
}

func same(what, got, wanted string) {
	if got != wanted {
		log.Fatalf("%s: %q, not %q", what, got, wanted)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func ok(step string) { fmt.Println("ok " + step) }
