using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Tests.Sequences;

/// <summary>A place at which one command stops until the test lets it go.</summary>
internal sealed class Hold(MetaCommandKind kind, string key)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the command is there.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

    public void Release() => _released.TrySetResult();

    public static Task WaitAsync(ref Hold? place, ReadOnlyMemory<MetaCommand> group)
    {
        var hold = place;
        if (hold is null || !hold.IsFor(group))
        {
            return Task.CompletedTask;
        }

        place = null;
        hold._reached.TrySetResult();
        return hold._released.Task;
    }

    private bool IsFor(ReadOnlyMemory<MetaCommand> group)
    {
        foreach (var command in group.Span)
        {
            if (command.Kind == kind && Encoding.UTF8.GetString(command.Key.Span) == key)
            {
                return true;
            }
        }

        return false;
    }
}
