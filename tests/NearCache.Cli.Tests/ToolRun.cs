namespace NearCache.Cli.Tests;

/// <summary>One run of the tool in this process: what it wrote, and its exit code.</summary>
internal sealed record ToolRun(int Code, string Output, string Error)
{
    /// <summary>Runs a command line without a terminal.</summary>
    public static Task<ToolRun> OfAsync(params string[] arguments) => OfAsync(new Machine(), arguments);

    /// <summary>Runs a command line on a machine.</summary>
    public static async Task<ToolRun> OfAsync(Machine machine, params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var host = new ToolHost
        {
            Output = output,
            Error = error,
            Input = machine.Answer is { } answer ? new AnsweringReader(answer) : new StringReader(machine.Input),
            IsInputTerminal = machine.IsTerminal,
            IsOutputTerminal = machine.IsTerminal,
            Width = machine.Width,
            Folder = machine.Folder,
            Variable = name => machine.Variables.GetValueOrDefault(name),
            ReadSecret = () => machine.Secret,
        };
        var code = await NearCacheTool.RunAsync(arguments, host, TestContext.Current.CancellationToken);
        return new ToolRun(code, output.ToString(), error.ToString());
    }

    public override string ToString() => $"exit code {Code}\n{Output}\n--- standard error\n{Error}";
}

/// <summary>The machine that the tool runs on.</summary>
internal sealed record Machine
{
    public string Folder { get; init; } = Path.GetTempPath();

    public string Input { get; init; } = "";

    /// <summary>What a person does when asked, and the answer; in place of <see cref="Input"/>.</summary>
    public Func<Task<string>>? Answer { get; init; }

    public bool IsTerminal { get; init; }

    public int Width { get; init; } = 100;

    public string? Secret { get; init; }

    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string> { ["USER"] = "alice" };
}

/// <summary>A person that acts before answering a question.</summary>
internal sealed class AnsweringReader(Func<Task<string>> answer) : TextReader
{
    public override string? ReadLine() => Task.Run(answer).GetAwaiter().GetResult();
}
