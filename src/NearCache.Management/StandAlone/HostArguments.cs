namespace NearCache.Management.StandAlone;

/// <summary>The arguments of the stand-alone console.</summary>
internal sealed record HostArguments
{
    private const string Usage =
        "--config FILE, --urls URL, --operate, --values, --data FOLDER, --no-data, and settings such as --Contexts:shop:Cluster=prod";

    /// <summary>Gets the files with settings.</summary>
    public List<string> Files { get; } = [];

    /// <summary>Gets the addresses to listen on.</summary>
    public List<string> Urls { get; } = [];

    /// <summary>Gets single settings.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    /// <summary>Gets a value indicating whether the one-time address may operate.</summary>
    public bool MayOperate { get; private set; }

    /// <summary>Gets a value indicating whether the one-time address may read values.</summary>
    public bool MayReadValues { get; private set; }

    /// <summary>Gets the folder of the history; null if it is not named.</summary>
    public string? DataFolder { get; private set; }

    /// <summary>Gets a value indicating whether no history is stored.</summary>
    public bool HasNoData { get; private set; }

    /// <summary>Parses arguments.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="mistakes">Receives a sentence for each mistake.</param>
    public static HostArguments Parse(IReadOnlyList<string> args, List<string> mistakes)
    {
        var parsed = new HostArguments();
        for (var at = 0; at < args.Count; at++)
        {
            var name = args[at];
            string? Value()
            {
                if (at + 1 < args.Count && !args[at + 1].StartsWith("--", StringComparison.Ordinal))
                {
                    return args[++at];
                }

                mistakes.Add($"{name} needs a value.");
                return null;
            }

            switch (name)
            {
                case "--config" when Value() is { } file:
                    parsed.Files.Add(file);
                    break;
                case "--urls" when Value() is { } urls:
                    parsed.Urls.AddRange(urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
                    break;
                case "--data" when Value() is { } folder:
                    parsed.DataFolder = folder;
                    break;
                case "--no-data":
                    parsed.HasNoData = true;
                    break;
                case "--operate":
                    parsed.MayOperate = true;
                    break;
                case "--values":
                    parsed.MayReadValues = true;
                    break;
                case "--config" or "--urls" or "--data":
                    break;
                default:
                    parsed.AddSetting(name, mistakes);
                    break;
            }
        }

        foreach (var file in parsed.Files.Where(file => !File.Exists(file)))
        {
            mistakes.Add($"--config: there is no file {file}.");
        }

        return parsed;
    }

    private void AddSetting(string argument, List<string> mistakes)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        if (argument.StartsWith("--", StringComparison.Ordinal) && equals > 0 && argument[..equals].Contains(':'))
        {
            Settings[argument[2..equals]] = argument[(equals + 1)..];
            return;
        }

        mistakes.Add($"\"{argument}\" is not an argument. There are {Usage}.");
    }
}
