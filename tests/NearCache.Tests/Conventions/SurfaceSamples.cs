using System.Diagnostics.CodeAnalysis;

namespace NearCache.Tests.Conventions;

// One example of everything that the record of a public surface must contain.
#pragma warning disable CA1041, CA1051, CA1052, CA1802, CA1805, CA1815, CA1822, CS0067 // The samples are reflected over, not used.

public interface ISampleFace
{
    int Size => 0;

    ValueTask<string?> FindAsync(string key, CancellationToken cancellationToken = default);
}

public sealed class SampleBox<T>(T value, string? name = "none", int count = 3, params object?[] rest) : IDisposable
    where T : notnull
{
    public const int Most = 7;
    public static readonly string Default = "";

    public event EventHandler? Changed;

    public required string Name { get; init; } = $"{value}{name}{count}{rest}";

    public IReadOnlyDictionary<string, string?>? Map { get; set; }

    public string? Text { get; private set; }

    internal int Hidden { get; set; }

    public bool TryGet(T key, [NotNullWhen(true)] out string? found) => (found = key.ToString()) is not null;

    public void Dispose()
    {
    }
}

public abstract class SampleBase
{
    protected SampleBase()
    {
    }

    public abstract int Depth { get; protected set; }

    protected virtual TResult? Read<TResult>(in int place, ref long count)
        where TResult : class, new() => new();
}

public class SampleDerived : SampleBase
{
    public override int Depth { get; protected set; }
}

public readonly record struct SampleRecord(int Number, string? Text);

public enum SampleKind : byte
{
    None = 0,
    Some = 4,
}

public delegate Task<int> SampleHandler(SampleKind kind = SampleKind.Some);

public static class SampleExtensions
{
    public static T? Pick<T>(this IEnumerable<T> source, Func<T, bool>? test = null) => source.FirstOrDefault(test ?? (_ => true));
}
