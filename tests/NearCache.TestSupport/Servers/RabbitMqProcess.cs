using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NearCache.TestSupport.Servers;

/// <summary>The distribution's rabbitmq-server on free ports, with an epmd of its own.</summary>
public sealed class RabbitMqProcess : ServerProcess
{
    // Debian's own scripts change the user; these do not.
    private const string Scripts = "/usr/lib/rabbitmq/bin";
    private readonly int _names = Ports.Free();
    private readonly int _distribution = Ports.Free();
    private readonly string[] _settings;

    private RabbitMqProcess(int port, string[] settings)
        : base(port) => _settings = settings;

    /// <summary>Starts one. Skips the test where there is no rabbitmq-server.</summary>
    /// <param name="settings">Lines of rabbitmq.conf.</param>
    public static Task<RabbitMqProcess> StartNewAsync(params string[] settings) => StartOnAsync(Ports.Free(), settings);

    /// <summary>Starts one on a port.</summary>
    public static async Task<RabbitMqProcess> StartOnAsync(int port, params string[] settings)
    {
        if (!File.Exists($"{Scripts}/rabbitmq-server"))
        {
            Require.Skip("rabbitmq", "rabbitmq-server is not installed");
        }

        var server = new RabbitMqProcess(port, settings);
        await server.StartAsync();
        return server;
    }

    /// <summary>Adds a user, whose permissions are regular expressions for configure, write and read; null for none.</summary>
    public Task AddUserAsync(string name, string password, string? permissions) => EvaluateAsync(
        $"rabbit_auth_backend_internal:add_user(<<\"{name}\">>, <<\"{password}\">>, <<\"test\">>)"
            + (permissions is null
                ? ""
                : $", P = <<\"{permissions}\">>, "
                    + $"rabbit_auth_backend_internal:set_permissions(<<\"{name}\">>, <<\"/\">>, P, P, P, <<\"test\">>)"));

    /// <summary>Changes the password of a user.</summary>
    public Task ChangePasswordAsync(string name, string password) => EvaluateAsync(
        $"rabbit_auth_backend_internal:change_password(<<\"{name}\">>, <<\"{password}\">>, <<\"test\">>)");

    /// <summary>Sets the free bytes of the disk below which it blocks publishers.</summary>
    public Task SetDiskLimitAsync(long bytes) =>
        EvaluateAsync(string.Create(CultureInfo.InvariantCulture, $"rabbit_disk_monitor:set_disk_free_limit({bytes})"));

    /// <summary>Evaluates Erlang expressions, separated by commas, in the broker, and returns the text of the last one's value.</summary>
    /// <remarks>As <c>rabbitmqctl eval</c>, which takes a second of a processor to start.</remarks>
    public async Task<string> EvaluateAsync(string expressions)
    {
        var cookie = await File.ReadAllTextAsync(Path.Combine(Folder, ".erlang.cookie"));
        var start = new ProcessStartInfo("erl_call", ["-sname", NodeName, "-c", cookie, "-e"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        Prepare(start);
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteLineAsync($"lists:flatten(io_lib:format(\"~0p\", [begin {expressions} end])).");
        process.StandardInput.Close();
        var (text, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(
            process.ExitCode == 0 && (await text).StartsWith("{ok, ", StringComparison.Ordinal),
            $"erl_call {expressions}: {await text}{await errors}");
        return (await text)["{ok, ".Length..].TrimEnd().TrimEnd('}').Trim('"').Replace("\\\"", "\"", StringComparison.Ordinal);
    }

    public override async ValueTask DisposeAsync()
    {
        Kill();
        var end = new ProcessStartInfo("epmd", ["-kill"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Prepare(end);
        using (var process = Process.Start(end)!)
        {
            await process.WaitForExitAsync();
        }

        await base.DisposeAsync();
    }

    protected override ProcessStartInfo Command()
    {
        File.WriteAllLines(
            Path.Combine(Folder, "rabbitmq.conf"),
            ["vm_memory_high_watermark.absolute = 512MB", "disk_free_limit.absolute = 1MB", "log.console = false", .. _settings]);
        File.WriteAllText(Path.Combine(Folder, "plugins"), "[].");
        var start = new ProcessStartInfo($"{Scripts}/rabbitmq-server");
        Prepare(start);
        return start;
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
        await socket.SendAsync("AMQP\0\0\x09\x01"u8.ToArray(), cancellationToken);

        // connection.start, a method frame on channel 0.
        var reply = new byte[8];
        return await socket.ReceiveAsync(reply, cancellationToken) > 0 && reply[0] == 1;
    }

    private string NodeName => string.Create(CultureInfo.InvariantCulture, $"rabbit{Port}@localhost");

    private void Prepare(ProcessStartInfo start)
    {
        var values = new Dictionary<string, string>
        {
            ["HOME"] = Folder,
            ["RABBITMQ_NODENAME"] = NodeName,
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = Port.ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_DIST_PORT"] = _distribution.ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(Folder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(Folder, "log"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(Folder, "rabbitmq"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(Folder, "plugins"),
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(Folder, "none"),
            ["ERL_EPMD_PORT"] = _names.ToString(CultureInfo.InvariantCulture),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",

            // The script replaces itself by the server, so that signals reach it. Two schedulers, which do not spin while they are idle.
            ["RABBITMQ_ALLOW_INPUT"] = "true",
            ["RABBITMQ_SERVER_START_ARGS"] = "-noinput",
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
        };
        foreach (var (name, value) in values)
        {
            start.Environment[name] = value;
        }
    }
}
