namespace NearCache.Cli;

/// <summary>A failure whose message is the whole answer to the operator: what is wrong, and what to do.</summary>
internal sealed class ToolException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The exit codes of the tool.</summary>
internal static class ExitCodes
{
    /// <summary>Everything is well, or done.</summary>
    public const int Success = 0;

    /// <summary>Done in part, or with warnings: a process has not obeyed, rules differ, the doctor warns.</summary>
    public const int Partly = 1;

    /// <summary>Not done: an error, a refusal, or a mistake in the command line.</summary>
    public const int Failure = 2;

    /// <summary>The reader of the output has ended, as <c>head</c> does: 128 and SIGPIPE.</summary>
    public const int OutputClosed = 141;

    /// <summary>Interrupted with Ctrl+C.</summary>
    public const int Interrupted = 130;
}
