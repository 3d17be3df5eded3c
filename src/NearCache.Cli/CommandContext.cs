using System.CommandLine;
using Microsoft.Extensions.Configuration;
using NearCache.Cli.Connecting;
using NearCache.Cli.Output;

namespace NearCache.Cli;

/// <summary>What a command works with: its arguments, the fleet that is meant, and the terminal.</summary>
/// <param name="host">The machine.</param>
/// <param name="parsed">The parsed command line.</param>
/// <param name="names">The options that name the fleet.</param>
internal sealed class CommandContext(ToolHost host, ParseResult parsed, ConnectionOptions names)
{
    private Connection? _connection;

    /// <summary>Gets the machine.</summary>
    public ToolHost Host => host;

    /// <summary>Gets the terminal.</summary>
    public Terminal Terminal { get; } = new(host, hasColors: !parsed.GetValue(names.NoColor));

    /// <summary>Gets the fleet that is meant.</summary>
    public Connection Connection => _connection ??= Connection.Of(parsed, names, host);

    /// <summary>Returns the settings of the console: one fleet that is meant, or all of the contexts file.</summary>
    public IConfiguration ConsoleSettings() => Connecting.ConsoleSettings.Of(parsed, names, host);

    /// <summary>Returns the value of an option.</summary>
    public T? Value<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>Returns the value of an argument; the default of its type if it may be absent and is.</summary>
    public T Value<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>Returns whether an option is in the command line.</summary>
    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Gets a value indicating whether changes are refused by the command line.</summary>
    public bool MustBeReadOnly => parsed.GetValue(names.ReadOnly);

    /// <summary>Returns a duration that must be within bounds.</summary>
    public TimeSpan Between(Option<TimeSpan?> option, TimeSpan least, TimeSpan most) =>
        Value(option) is { } time && time >= least && time <= most
        ? time
        : throw new ToolException($"{option.Name} is {Value(option)}, but must be from {least} to {most}.");

    /// <summary>Returns a number that must be at least one; null if it may be absent and is.</summary>
    public int? AtLeastOne(Option<int?> option) => Value(option) is not { } number || number >= 1
        ? Value(option)
        : throw new ToolException(string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{option.Name} is {number}, but must be at least 1."));

    /// <summary>Connects to the fleet.</summary>
    public Task<FleetClient> ConnectAsync(CancellationToken cancellationToken, Action<FleetClientOptions>? configure = null) =>
        Connection.ConnectAsync(host, cancellationToken, configure);

    /// <summary>Refuses a command that changes something before anything is sent, if the tool is read-only.</summary>
    public void ThrowIfReadOnly()
    {
        if (Connection.IsReadOnly)
        {
            throw new ToolException("Nothing was changed: the connection is read-only (--read-only, or ReadOnly of the context).");
        }
    }
}
