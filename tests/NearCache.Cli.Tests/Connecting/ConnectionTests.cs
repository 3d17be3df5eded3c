using System.CommandLine;
using NearCache.Cli.Connecting;

namespace NearCache.Cli.Tests.Connecting;

/// <summary>The fleet that is meant: options override what a file or a context says.</summary>
public sealed class ConnectionTests
{
    private const string Settings = """
        { "NearCache": { "Namespace": "shop", "Memcached": { "Servers": [ "cache-1", "cache-2" ] },
            "ZooKeeper": { "ConnectionString": "zk-1" } },
          "Search": { "Namespace": "search", "Memcached": { "Servers": [ "cache-9" ] } } }
        """;

    [Fact]
    public void A_configuration_is_read_with_that_of_its_environment()
    {
        using var folder = new TemporaryFolder();
        folder.Write("appsettings.json", Settings);
        folder.Write("appsettings.Production.json", """{ "NearCache": { "MaxStaleness": "00:00:04" } }""");
        folder.Write("appsettings.Test.json", """{ "NearCache": { "Namespace": "shop-test" } }""");

        var production = Read(folder, "-c", "appsettings.json");
        Assert.Equal(("shop", TimeSpan.FromSeconds(4)), (production.Options.Namespace, production.Options.MaxStaleness));
        Assert.Equal("shop-test", Read(folder, "-c", "appsettings.json", "--environment", "Test").Options.Namespace);
        Assert.Equal("search", Read(folder, "-c", "appsettings.json", "--section", "Search").Options.Namespace);

        // The file of the current folder, and options that override it.
        var own = Read(folder, "--namespace", "other", "--read-only");
        Assert.Equal(("other", true, 2), (own.Options.Namespace, own.IsReadOnly, own.Options.Memcached.Servers.Count));
        Assert.Contains("no section \"Shop\"", Refusal(folder, "-c", "appsettings.json", "--section", "Shop"), StringComparison.Ordinal);
    }

    [Fact]
    public void Servers_of_the_command_line_replace_those_of_a_file()
    {
        using var folder = new TemporaryFolder();
        folder.Write("appsettings.json", Settings);

        var connection = Read(folder, "-c", "appsettings.json", "--memcached", "a:1,b:2", "--memcached", "c:3", "--zookeeper", "zk-9/app",
            "--tls");
        Assert.Equal(["a:1", "b:2", "c:3"], connection.Options.Memcached.Servers);
        Assert.Equal("zk-9/app", connection.Options.ZooKeeper.ConnectionString);
        Assert.NotNull(connection.Options.Memcached.Tls);
        Assert.Null(connection.Options.ZooKeeper.Tls);
    }

    [Fact]
    public void A_context_names_a_configuration_or_has_the_settings()
    {
        using var folder = new TemporaryFolder();
        folder.Write("shop/appsettings.json", Settings);
        var file = folder.Write("contexts.json", """
            { "Current": "shop",
              "Contexts": {
                "shop": { "Config": "shop/appsettings.json", "ReadOnly": true },
                "search": { "Config": "shop/appsettings.json", "Section": "Search" },
                "test": { "NearCache": { "Namespace": "test", "Memcached": { "Servers": [ "cache-t" ] } } },
                "broken": { "Confg": "x" }, "both": { "Config": "x", "NearCache": { "Namespace": "y" } } } }
            """);
        string[] contexts = ["--contexts", file];

        var shop = Read(folder, contexts);
        Assert.Equal(("shop", true), (shop.Options.Namespace, shop.IsReadOnly));
        Assert.Equal("search", Read(folder, [.. contexts, "--context", "search"]).Options.Namespace);
        var test = Read(folder, [.. contexts, "--context", "test"]);
        Assert.Equal(("test", "the context test", false), (test.Options.Namespace, test.Source, test.IsReadOnly));
        Assert.Contains("contexts.json has: both, broken, search, shop, test.", Refusal(folder, [.. contexts, "--context", "none"]),
            StringComparison.Ordinal);
        var unnamed = folder.Write("unnamed.json", """{ "Curent": "a", "Contexts": { "a": {}, "b": {} } }""");
        Assert.Contains(
            "No fleet is named: pass --context NAME. ", Refusal(folder, "--contexts", unnamed), StringComparison.Ordinal);
        Assert.Contains("unnamed.json has: a, b.", Refusal(folder, "--contexts", unnamed), StringComparison.Ordinal);
        Assert.Contains("unknown entry \"Confg\"", Refusal(folder, [.. contexts, "--context", "broken"]), StringComparison.Ordinal);
        Assert.Contains("needs either Config", Refusal(folder, [.. contexts, "--context", "both"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_comes_from_the_environment_or_a_person_and_never_from_an_argument()
    {
        using var folder = new TemporaryFolder();
        string[] names = ["--memcached", "a:1", "--user", "shop", "--zookeeper", "zk", "--zookeeper-user", "ops"];
        var variables = new Dictionary<string, string>
        {
            ["NEARCACHE_MEMCACHED_PASSWORD"] = "one",
            ["NEARCACHE_ZOOKEEPER_PASSWORD"] = "two",
        };

        var connection = Connection.Of(Parse(names), Options, Host(folder, variables));
        Assert.Equal("one", connection.Options.Memcached.Password);
        Assert.Equal("ops:two"u8.ToArray(), connection.Options.ZooKeeper.Authentications.Single().Credentials.ToArray());
        Assert.DoesNotContain("one", connection.Source, StringComparison.Ordinal);

        var asked = Connection.Of(Parse(names), Options, Host(folder, [], secret: "typed"));
        Assert.Equal("typed", asked.Options.Memcached.Password);
        Assert.Contains("set NEARCACHE_MEMCACHED_PASSWORD", Refusal(folder, names), StringComparison.Ordinal);
        Assert.DoesNotContain(Options.All, option => option.Name.Contains("password", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Mistakes_are_those_of_a_starting_cache()
    {
        using var folder = new TemporaryFolder();
        folder.Write("appsettings.json",
            """{ "NearCache": { "Namespace": "shop", "Memcached": { "Server": [ "cache-1" ] }, "MaxStaleness": "1" } }""");

        var mistakes = Read(folder).Mistakes;
        Assert.Contains(mistakes, mistake => mistake.Contains("Servers", StringComparison.Ordinal));
        Assert.Contains(mistakes, mistake => mistake.Contains("NearCache:MaxStaleness", StringComparison.Ordinal));
    }

    private static readonly ConnectionOptions Options = new();
    private static readonly RootCommand Root = CreateRoot();

    private static RootCommand CreateRoot()
    {
        var root = new RootCommand();
        Options.AddTo(root);
        return root;
    }

    private static ParseResult Parse(params string[] arguments) => Root.Parse(arguments);

    private static Connection Read(TemporaryFolder folder, params string[] arguments) =>
        Connection.Of(Parse(arguments), Options, Host(folder, []));

    private static string Refusal(TemporaryFolder folder, params string[] arguments) =>
        Assert.Throws<ToolException>(() => Read(folder, arguments)).Message;

    private static ToolHost Host(TemporaryFolder folder, Dictionary<string, string> variables, string? secret = null) => new()
    {
        Output = TextWriter.Null,
        Error = TextWriter.Null,
        Input = TextReader.Null,
        Folder = folder.Path,
        IsInputTerminal = secret is not null,
        ReadSecret = () => secret,
        Variable = variables.GetValueOrDefault,
    };
}
