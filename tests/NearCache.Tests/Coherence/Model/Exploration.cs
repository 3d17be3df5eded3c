namespace NearCache.Tests.Coherence.Model;

/// <summary>Visits every reachable state, breadth first, and stops at the first that serves something forbidden.</summary>
internal static class Exploration
{
    public static (int States, string? Broken, IReadOnlyList<string> Trace) Of(IWorld world)
    {
        var begin = world.Begin();
        var cameFrom = new Dictionary<UInt128, (UInt128 State, byte Action)> { [begin] = (begin, 0) };
        var queue = new Queue<UInt128>([begin]);
        while (queue.TryDequeue(out var state))
        {
            world.Load(state);
            if (world.Broken() is { } broken)
            {
                return (cameFrom.Count, broken, Trace(world, cameFrom, begin, state));
            }

            for (var action = 0; action < world.Actions; action++)
            {
                world.Load(state);
                if (world.Try(action))
                {
                    var next = world.Save();
                    if (cameFrom.TryAdd(next, (state, (byte)action)))
                    {
                        queue.Enqueue(next);
                    }
                }
            }
        }

        return (cameFrom.Count, null, []);
    }

    private static List<string> Trace(
        IWorld world, Dictionary<UInt128, (UInt128 State, byte Action)> cameFrom, UInt128 begin, UInt128 state)
    {
        List<string> trace = [];
        while (state != begin)
        {
            (state, var action) = cameFrom[state];
            world.Load(state);
            trace.Insert(0, world.Name(action));
        }

        return trace;
    }
}
