using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using NearCache.Management.Registration;

namespace NearCache.Management.StandAlone;

/// <summary>The settings of the stand-alone console.</summary>
internal sealed record HostSettings
{
    /// <summary>The address without a setting.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5090";

    /// <summary>The prefix of environment variables that are settings.</summary>
    public const string EnvironmentPrefix = "NEARCACHE_CONSOLE__";

    /// <summary>Gets the folder of the history without a setting.</summary>
    public static string DefaultFolder => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "NearCache",
        "console");

    /// <summary>Gets the addresses that are listened on.</summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>Gets how users sign in.</summary>
    public required SignInSettings SignIn { get; init; }

    /// <summary>Gets the certificate of https addresses; null if there is none.</summary>
    public CertificateSettings? Certificate { get; init; }

    /// <summary>Gets the settings of the console.</summary>
    public required NearCacheConsoleOptions Console { get; init; }

    /// <summary>Reads settings.</summary>
    /// <param name="configuration">The files, the environment and the arguments.</param>
    /// <param name="arguments">The switches of the command line.</param>
    /// <param name="mistakes">Receives a sentence for each mistake.</param>
    public static HostSettings Read(IConfiguration configuration, HostArguments arguments, List<string> mistakes)
    {
        var console = new NearCacheConsoleOptions();
        var reader = new SectionReader(configuration, mistakes);
        List<string> urls = [];
        reader.Text("Urls", value => urls.AddRange(
            value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
        reader.Text(nameof(console.DataFolder), value => console.DataFolder = value);
        reader.Number(nameof(console.DataDays), value => console.DataDays = (int)Math.Clamp(value, int.MinValue, int.MaxValue));
        reader.Number(nameof(console.DataBytes), value => console.DataBytes = value);
        var signIn = SignInSettings.Read(reader.Section("SignIn"), reader.Section("Permissions"), arguments, mistakes);
        var certificate = CertificateSettings.Read(reader.Section("Certificate"), mistakes);
        ReadContexts(reader, console, mistakes);
        reader.Finish(["Logging"]);
        console.DataFolder = arguments.HasNoData ? null : arguments.DataFolder ?? console.DataFolder ?? DefaultFolder;
        urls = arguments.Urls.Count > 0 ? [.. arguments.Urls] : urls.Count > 0 ? urls : [DefaultUrl];
        var parsed = new List<Uri>();
        foreach (var url in urls)
        {
            if (Bindings.Parse(url, signIn, certificate is not null, mistakes) is { } uri)
            {
                parsed.Add(uri);
            }
        }

        mistakes.AddRange(console.Mistakes);
        console.Mistakes.Clear();
        if (new ConsoleOptionsValidator().Validate(null, console) is { Failed: true, Failures: { } failures })
        {
            mistakes.AddRange(failures);
        }

        return new HostSettings { Urls = parsed, SignIn = signIn, Certificate = certificate, Console = console };
    }

    // A file of an application is one context, too.
    private static void ReadContexts(SectionReader reader, NearCacheConsoleOptions console, List<string> mistakes)
    {
        var (contexts, caches) = (reader.Section(ConsoleConfiguration.Contexts), reader.Section("NearCache"));
        if (contexts is not null)
        {
            ConsoleConfiguration.ReadContexts(contexts, console);
        }
        else if (caches is not null)
        {
            var options = FleetConfiguration.Read(caches);
            console.Contexts[options.Namespace] = new ConsoleContextOptions { Caches = options };
        }
        else
        {
            mistakes.Add("There is nothing to show: neither Contexts nor NearCache is configured. Name a file with --config.");
        }
    }
}

/// <summary>The certificate of https addresses, in a PEM or PKCS #12 file.</summary>
internal sealed record CertificateSettings(string Path, string? KeyPath, string? Password)
{
    /// <summary>Reads the section; null if it is absent.</summary>
    public static CertificateSettings? Read(IConfigurationSection? section, List<string> mistakes)
    {
        if (section is null)
        {
            return null;
        }

        string? path = null, key = null, password = null;
        var reader = new SectionReader(section, mistakes);
        reader.Text(nameof(Path), value => path = value);
        reader.Text(nameof(KeyPath), value => key = value);
        reader.Text(nameof(Password), value => password = value);
        reader.Finish();
        if (path is null || !File.Exists(path) || (key is not null && !File.Exists(key)))
        {
            mistakes.Add(
                $"{section.Path}: there is no file {(path is not null && File.Exists(path) ? key : path ?? "(Path is missing)")}.");
            return null;
        }

        var settings = new CertificateSettings(path, key, password);
        try
        {
            settings.Load().Dispose();
            return settings;
        }
        catch (CryptographicException e)
        {
            mistakes.Add($"{section.Path}: {path} cannot be used: {e.Message}");
            return null;
        }
    }

    /// <summary>Reads the certificate.</summary>
    /// <exception cref="CryptographicException">A file is damaged, or the password is wrong.</exception>
    public X509Certificate2 Load() => KeyPath is null
        ? X509CertificateLoader.LoadPkcs12FromFile(Path, Password)
        : Password is null
            ? X509Certificate2.CreateFromPemFile(Path, KeyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(Path, Password, KeyPath);
}

/// <summary>Which addresses may be listened on: without a sign-in, those that only this machine reaches.</summary>
internal static class Bindings
{
    /// <summary>Returns an address; null, with a mistake, if it is refused.</summary>
    public static Uri? Parse(string url, SignInSettings signIn, bool hasCertificate, ICollection<string> mistakes)
    {
        var named = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(named, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https")
            || uri.PathAndQuery != "/")
        {
            mistakes.Add($"Urls: \"{url}\" is not an address such as {HostSettings.DefaultUrl}.");
            return null;
        }

        var mistake = Refusal(uri, signIn, hasCertificate);
        if (mistake is not null)
        {
            mistakes.Add($"Urls: {url} is refused: {mistake}");
        }

        return mistake is null ? uri : null;
    }

    private static string? Refusal(Uri uri, SignInSettings signIn, bool hasCertificate)
    {
        if (uri.Scheme == "https" && !hasCertificate)
        {
            return "it needs a certificate (Certificate:Path).";
        }

        if (uri is { Host: "localhost", Port: 0 })
        {
            return "localhost needs a port; 127.0.0.1 takes one that is free.";
        }

        if (!Security.RequestOrigin.IsLoopback(uri.Host.Trim('[', ']')) && !IPAddress.TryParse(uri.Host.Trim('[', ']'), out _))
        {
            return "name an IP address of this machine, localhost, or * for all.";
        }

        return Security.RequestOrigin.IsLoopback(uri.Host.Trim('[', ']')) ? null : signIn.Mode switch
        {
            SignInMode.OneTime => "other machines reach it, and there is no sign-in. Configure SignIn:OpenIdConnect or SignIn:Proxy, or "
                + "listen on 127.0.0.1 and reach it through ssh -L.",
            SignInMode.OpenIdConnect when uri.Scheme == "http" && signIn.Proxies.Count == 0 =>
                "what is signed in would be sent in clear text. Use https with a certificate, or name the proxy that ends TLS in "
                    + "SignIn:OpenIdConnect:Proxies.",
            _ => null,
        };
    }
}
