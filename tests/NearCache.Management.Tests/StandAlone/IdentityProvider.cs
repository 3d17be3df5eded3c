using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace NearCache.Management.Tests.StandAlone;

/// <summary>A small OpenID provider on loopback: discovery, keys, and the authorization code flow with PKCE.</summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    public const string ClientId = "console";
    public const string ClientSecret = "a secret of the console";

    private readonly WebApplication _app;
    private readonly RsaSecurityKey _key = new(RSA.Create(2048)) { KeyId = "1" };
    private readonly RsaSecurityKey _another = new(RSA.Create(2048)) { KeyId = "1" };
    private readonly ConcurrentDictionary<string, IQueryCollection> _codes = new();

    private IdentityProvider(WebApplication app) => _app = app;

    public string Authority => _app.Urls.Single();

    /// <summary>The claims of the user that signs in next.</summary>
    public JsonObject User { get; set; } = [];

    /// <summary>Whether groups are told by the user information endpoint alone.</summary>
    public bool HasGroupsInUserInfo { get; set; }

    /// <summary>What the last sign-in asked the provider to do; null for what it likes.</summary>
    public string? Prompt { get; private set; }

    /// <summary>What is wrong with the next token; null for nothing.</summary>
    public string? Forgery { get; set; }

    public static async Task<IdentityProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var provider = new IdentityProvider(builder.Build());
        provider.Map();
        await provider._app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _key.Rsa.Dispose();
        _another.Rsa.Dispose();
    }

    private void Map()
    {
        _app.MapGet("/.well-known/openid-configuration", http => AnswerAsync(http, new JsonObject
        {
            ["issuer"] = Authority,
            ["authorization_endpoint"] = Authority + "/authorize",
            ["token_endpoint"] = Authority + "/token",
            ["userinfo_endpoint"] = Authority + "/userinfo",
            ["jwks_uri"] = Authority + "/keys",
            ["response_types_supported"] = new JsonArray("code"),
            ["subject_types_supported"] = new JsonArray("public"),
            ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
        }));
        _app.MapGet("/keys", http =>
        {
            var parameters = _key.Rsa.ExportParameters(false);
            return AnswerAsync(http, new JsonObject
            {
                ["keys"] = new JsonArray(new JsonObject
                {
                    ["kty"] = "RSA",
                    ["kid"] = _key.KeyId,
                    ["use"] = "sig",
                    ["n"] = Base64UrlEncoder.Encode(parameters.Modulus),
                    ["e"] = Base64UrlEncoder.Encode(parameters.Exponent),
                }),
            });
        });
        _app.MapGet("/authorize", http =>
        {
            var query = http.Request.Query;
            Assert.Equal("code", (string?)query["response_type"]);
            Assert.Equal(ClientId, (string?)query["client_id"]);
            Assert.Equal("S256", (string?)query["code_challenge_method"]);
            Assert.Contains("openid", (string?)query["scope"], StringComparison.Ordinal);
            var code = Guid.NewGuid().ToString("N");
            _codes[code] = query;
            Prompt = query["prompt"];
            http.Response.Redirect(QueryHelpers.AddQueryString(
                query["redirect_uri"]!, new Dictionary<string, string?> { ["code"] = code, ["state"] = query["state"] }));
            return Task.CompletedTask;
        });
        _app.MapPost("/token", TokenAsync);
        _app.MapGet("/userinfo", http => AnswerAsync(http, HasGroupsInUserInfo
            ? User.DeepClone().AsObject()
            : new JsonObject { ["sub"] = (string?)User["sub"] }));
    }

    // A code works once, with the verifier of its challenge and the secret of its client.
    private async Task TokenAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        if (!_codes.TryRemove(form["code"]!, out var asked)
            || form["redirect_uri"] != asked["redirect_uri"]
            || form["client_secret"] != ClientSecret
            || Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"]!))) != asked["code_challenge"])
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await AnswerAsync(http, new JsonObject { ["error"] = "invalid_grant" });
            return;
        }

        await AnswerAsync(http, new JsonObject
        {
            ["access_token"] = "access",
            ["token_type"] = "Bearer",
            ["id_token"] = Token(asked["nonce"]!),
        });
    }

    private string Token(string nonce)
    {
        var claims = User.Where(claim => !HasGroupsInUserInfo || claim.Key is "sub" or "preferred_username")
            .ToDictionary(claim => claim.Key, object (claim) => claim.Value is JsonArray array
                ? array.Select(one => (string)one!).ToArray()
                : (string)claim.Value!);
        claims["nonce"] = Forgery == "nonce" ? "another" : nonce;
        var expires = DateTime.UtcNow.AddHours(Forgery == "time" ? -1 : 1);
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Forgery == "issuer" ? "http://evil.example" : Authority,
            Audience = Forgery == "audience" ? "another" : ClientId,
            Claims = claims,
            IssuedAt = expires.AddHours(-1),
            NotBefore = expires.AddHours(-1),
            Expires = expires,
            SigningCredentials = Forgery == "none"
                ? null
                : new SigningCredentials(Forgery == "key" ? _another : _key, SecurityAlgorithms.RsaSha256),
        });
    }

    private static async Task AnswerAsync(HttpContext http, JsonObject answer)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer.ToJsonString());
    }
}
