using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Tests.Sequences;

/// <summary>A point at which one command waits until the test releases it.</summary>
internal sealed class CommandBreakpoint(MetaCommandKind kind, string key)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the command has reached the point.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromMinutes(3), TimeProvider.System);

    public void Release() => _released.TrySetResult();

    public static Task WaitAsync(ref CommandBreakpoint? place, ReadOnlyMemory<MetaCommand> group)
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
