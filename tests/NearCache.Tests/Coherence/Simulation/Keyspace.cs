using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>The few keys of the simulation: some share a segment, some share a stripe.</summary>
internal static class Keyspace
{
    public const int Count = 12;

    public static byte[][] Names { get; } = Choose();

    public static KeyHash[] Hashes { get; } = [.. Names.Select(name => KeyHash.Of(name))];

    public static int IndexOf(ReadOnlySpan<byte> name)
    {
        for (var key = 0; key < Count; key++)
        {
            if (name.SequenceEqual(Names[key]))
            {
                return key;
            }
        }

        throw new InvalidOperationException($"The key {Encoding.UTF8.GetString(name)} was never written: news are garbled.");
    }

    private static byte[][] Choose()
    {
        List<byte[]> names = [];
        for (var candidate = 0; names.Count < Count; candidate++)
        {
            var name = Encoding.UTF8.GetBytes($"key:{candidate}");
            var wanted = names.Count switch
            {
                0 => true,
                < 4 => KeyHash.Of(name).Segment == KeyHash.Of(names[0]).Segment,
                < 6 => KeyHash.Of(name).Segment == (KeyHash.Of(names[0]).Segment + 1) % KeyHash.Segments,
                _ => true,
            };
            if (wanted)
            {
                names.Add(name);
            }
        }

        return [.. names];
    }
}
