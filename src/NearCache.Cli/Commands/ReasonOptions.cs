using System.CommandLine;

namespace NearCache.Cli.Commands;

/// <summary>The author of a change and the reason, which the history of the registry keeps.</summary>
internal sealed class ReasonOptions
{
    // What pipelines say of the person that started them, then the user of the machine.
    private static readonly string[] Variables =
    [
        "NEARCACHE_WHO", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOREMAIL", "BUILD_USER_ID", "CI_COMMIT_AUTHOR", "USER",
            "USERNAME",
    ];

    public Option<string> Why { get; } = new("--why")
    {
        Description = "The reason. It is kept in the history.",
        HelpName = "TEXT",
        Required = true,
    };

    public Option<string?> Who { get; } = new("--who")
    {
        Description = "The author. Default: the identity of the pipeline, or the user. It is marked as claimed.",
        HelpName = "NAME",
    };

    /// <summary>Adds the options to a command.</summary>
    public ReasonOptions AddTo(Command command)
    {
        command.Options.Add(Why);
        command.Options.Add(Who);
        return this;
    }

    /// <summary>Returns the reason of the command line. The author is never verified: a command line cannot prove it.</summary>
    public EditReason Of(CommandContext context, long? ifRevision = null)
    {
        var why = context.Value(Why);
        if (string.IsNullOrWhiteSpace(why))
        {
            throw new ToolException("--why is empty. Say why, for the next on-call engineer.");
        }

        if (context.Has(Who) && string.IsNullOrWhiteSpace(context.Value(Who)))
        {
            throw new ToolException($"{Who.Name} is empty: pass a name, or leave it out.");
        }

        var who = context.Value(Who)
            ?? Variables.Select(context.Host.Variable).Append(context.Host.UserName).FirstOrDefault(name => name is { Length: > 0 })
            ?? throw new ToolException($"The author is not known: pass {Who.Name} NAME.");
        return new EditReason { Who = who, Why = why, IfRevision = ifRevision };
    }
}
