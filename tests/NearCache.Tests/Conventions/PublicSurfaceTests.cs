namespace NearCache.Tests.Conventions;

public sealed class PublicSurfaceTests
{
    private const string Samples = """
        interface ISampleFace
            System.Threading.Tasks.ValueTask<string?> FindAsync(string key, System.Threading.CancellationToken cancellationToken = default)
            virtual int Size { get; }
        abstract class SampleBase
            abstract int Depth { get; protected set; }
            protected .ctor()
            protected virtual TResult? Read<TResult>(in int place, ref long count) where TResult : class, new()
        sealed class SampleBox<T> where T : notnull : System.IDisposable
            .ctor(T value, string? name = "none", int count = 3, params object?[] rest)
            System.Collections.Generic.IReadOnlyDictionary<string, string?>? Map { get; set; }
            bool TryGet(T key, out string? found)
            const int Most = 7
            event System.EventHandler? Changed
            required string Name { get; init; }
            static readonly string Default
            string? Text { get; }
            void Dispose()
        class SampleDerived : SampleBase
            .ctor()
            override int Depth { get; protected set; }
        static class SampleExtensions
            static T? Pick<T>(this System.Collections.Generic.IEnumerable<T> source, System.Func<T, bool>? test = default)
        delegate SampleHandler
            System.Threading.Tasks.Task<int> Invoke(SampleKind kind = 4)
        enum(Byte) SampleKind
            None = 0
            Some = 4
        readonly struct SampleRecord : System.IEquatable<SampleRecord>
            .ctor(int Number, string? Text)
            int Number { get; init; }
            string? Text { get; init; }
            void Deconstruct(out int Number, out string? Text)

        """;

    [Fact]
    public void The_record_tells_all_that_could_break_a_caller() => Assert.Equal(
        Samples.ReplaceLineEndings("\n"),
        PublicSurface.Of(
            [typeof(SampleBox<>), typeof(SampleKind), typeof(ISampleFace), typeof(SampleRecord), typeof(SampleBase), typeof(SampleDerived),
                typeof(SampleHandler), typeof(SampleExtensions)])
            .Replace("NearCache.Tests.Conventions.", "", StringComparison.Ordinal));
}
