using System.Buffers.Binary;
using System.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class RequestQueueTests
{
    private const int StatLength = 68;
    private static readonly byte[] Data = new byte[100];
    private readonly Queue<int> _ids = new();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_request_allocates_nothing_in_the_queue_whether_it_waits_or_not(int together)
    {
        // Room for two: of five, three wait.
        var queue = new RequestQueue(new QueueLimits(Message: 1000, Outstanding: 2, Bytes: 100_000, Waiting: 100), _ => { });
        queue.Attach([]);
        var reply = new byte[ReplyHeader.Size + StatLength];
        var replies = new ValueTask<ZNodeStat>[together];
        // Requests are used again by all clients of a process: other tests may hold those of one round, but not of each.
        var least = long.MaxValue;
        for (var clock = Stopwatch.StartNew(); least > 0 && clock.Elapsed < TimeSpan.FromSeconds(30);)
        {
            least = Math.Min(least, Allocated(GoThrough));
        }

        Assert.Equal(0, least);

        void GoThrough()
        {
            for (var i = 0; i < together; i++)
            {
                var operation = PooledOperation<SetDataRequest, ZNodeStat>.Rent(new SetDataRequest(new ChrootedPath("", "/net"), Data, -1));
                replies[i] = operation.Reply;
                queue.Add(operation);
            }

            for (var i = 0; i < together; i++)
            {
                while (queue.TryTake(out var bytes))
                {
                    Remember(bytes.Span);
                }

                var operation = queue.DequeueForReply(_ids.Dequeue());
                Assert.True(operation.TryClaim(out _));
                var reader = new JuteReader(reply);
                Assert.True(operation.ReadReply(ReplyHeader.Read(ref reader), ref reader, "server"));
                operation.Execute();
                operation.Release();
            }

            for (var i = 0; i < together; i++)
            {
                Assert.True(replies[i].IsCompletedSuccessfully);
                _ = replies[i].Result;
            }
        }
    }

    private static long Allocated(Action round)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            round();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    // The ids of the requests in these bytes, each behind its length.
    private void Remember(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length > 0; bytes = bytes[(4 + BinaryPrimitives.ReadInt32BigEndian(bytes))..])
        {
            _ids.Enqueue(BinaryPrimitives.ReadInt32BigEndian(bytes[4..]));
        }
    }
}
