using System.IO.Compression;
using NearCache.Benchmarks.Near;

namespace NearCache.Benchmarks.Eviction;

/// <summary>Reads in their order, each a key's number from 0 up, with the room that they are measured with.</summary>
/// <param name="Name">The name of the pattern or trace.</param>
/// <param name="Room">The room, in entries; with sizes, in bytes.</param>
/// <param name="Reads">The keys that are read.</param>
/// <param name="Keys">The number of distinct keys.</param>
/// <param name="Sizes">The size of each key's value; null: all are alike, and the room is in entries.</param>
internal sealed record Pattern(string Name, long Room, int[] Reads, int Keys, int[]? Sizes = null)
{
    /// <summary>Reads a trace: one key a line, compressed by gzip if the name ends in <c>.gz</c>.</summary>
    public static Pattern Read(string file, int room)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var reads = new List<int>();
        using var raw = File.OpenRead(file);
        using var stream = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(raw, CompressionMode.Decompress) : (Stream)raw;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } key)
        {
            if (!numbers.TryGetValue(key, out var number))
            {
                numbers[key] = number = numbers.Count;
            }

            reads.Add(number);
        }

        return new Pattern(Path.GetFileName(file).Split('.')[0], room, [.. reads], numbers.Count);
    }

    /// <summary>Returns the synthetic patterns.</summary>
    /// <param name="count">How many reads each has.</param>
    public static IEnumerable<Pattern> Synthetic(int count)
    {
        foreach (var exponent in new[] { 0.7, 0.99, 1.2 })
        {
            var zipf = new Zipf(100_000, exponent);
            yield return Of($"zipf-{exponent}", 1000, count, _ => zipf.Next());
        }

        var hot = new Zipf(10_000, 0.99);
        yield return Of("scan", 1000, count, i => i % 15_000 < 10_000 ? hot.Next() : 10_000 + i);
        yield return Of("loop", 1000, count, i => i % 1100);

        // Nine of ten reads go to 800 keys, which are others after each 20,000 reads.
        var shift = new Random(3);
        yield return Of("shifting-hot-set", 1000, count, i =>
            shift.NextDouble() < 0.9 ? 100_000 + (i / 20_000 * 800) + shift.Next(800) : shift.Next(100_000));
        var (once, popular) = (new Random(4), new Zipf(10_000, 0.9));
        yield return Of("one-hit-wonders", 1000, count, i => once.NextDouble() < 0.5 ? 10_000 + i : popular.Next());

        // Twenty-one times as many keys as there is room for, a hot set, and then each new key twice.
        yield return new Pattern("recent-after-hot", 1000, [.. RecentAfterHot()], 21_000);

        var (lengths, sized) = (new Random(5), new Zipf(10_000, 0.9));
        var sizes = Enumerable.Range(0, 10_000).Select(_ => (int)Math.Pow(10, 2 + (2 * lengths.NextDouble()))).ToArray();
        yield return new Pattern("sizes", 3_000_000, [.. Enumerable.Range(0, count).Select(_ => sized.Next())], 10_000, sizes);
    }

    private static Pattern Of(string name, int room, int count, Func<int, int> key)
    {
        // Numbers without gaps: a key that is never read need not be stored.
        var numbers = new Dictionary<int, int>();
        var reads = new int[count];
        for (var i = 0; i < count; i++)
        {
            var read = key(i);
            if (!numbers.TryGetValue(read, out reads[i]))
            {
                numbers[read] = reads[i] = numbers.Count;
            }
        }

        return new Pattern(name, room, reads, numbers.Count);
    }

    private static IEnumerable<int> RecentAfterHot()
    {
        var first = Enumerable.Range(0, 21_000);
        var hot = Enumerable.Repeat(Enumerable.Range(0, 1000), 3).SelectMany(keys => keys);
        return [.. first, .. hot, .. Enumerable.Range(1000, 20_000).SelectMany(key => key < 1005 ? new[] { key } : [key, key - 5])];
    }
}
