using System.Collections.Concurrent;

namespace NearCache.Memcached.Connections;

/// <summary>A pool of operations. Each thread keeps a few; the surplus is shared by all threads.</summary>
internal static class OperationPool
{
    private const int PerThread = 64;
    private const int Shared = 4096;
    private static readonly ConcurrentQueue<SingleOperation> Surplus = new();

    [ThreadStatic]
    private static SingleOperation? First;

    [ThreadStatic]
    private static int Count;

    public static SingleOperation Rent()
    {
        if (First is { } operation)
        {
            (First, operation.Next) = (operation.Next, null);
            Count--;
            return operation;
        }

        return Surplus.TryDequeue(out var surplus) ? surplus : new SingleOperation();
    }

    public static void Return(SingleOperation operation)
    {
        if (Count < PerThread)
        {
            (operation.Next, First) = (First, operation);
            Count++;
        }
        else if (Surplus.Count < Shared)
        {
            Surplus.Enqueue(operation);
        }
    }
}
