using System.Text.Json;
using System.Text.Json.Serialization;

namespace NearCache.Benchmarks;

/// <summary>The figures of one suite, as one line of JSON each on standard output. Notes go to standard error.</summary>
internal sealed partial class Report(string suite, bool quick, IReadOnlyDictionary<string, string> options)
{
    /// <summary>Returns the value of an option of the command line, or null.</summary>
    public string? Option(string name) => options.GetValueOrDefault(name);

    /// <summary>Three rounds and only the figures that matter most, within 50 seconds.</summary>
    public bool IsQuick => quick;

    /// <summary>The number of rounds in which value and baseline alternate.</summary>
    public int Rounds => quick ? 3 : 5;

    /// <summary>The median.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Prints a figure with the baseline measured beside it, both as medians.</summary>
    public void Figure(string name, string unit, double value, double? baseline = null, string? aim = null, double? bytesPerOp = null) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new Line(
                suite,
                name,
                Round(value),
                unit,
                baseline is { } b ? Round(b) : null,
                baseline is { } c and not 0 ? Round(value / c) : null,
                aim,
                bytesPerOp is { } d ? Round(d) : null),
            Lines.Default.Line));

    /// <summary>Writes a note about a figure, or about a missing one, to standard error.</summary>
    public void Note(string text) => Console.Error.WriteLine($"{suite}: {text}");

    private static double Round(double value) => value >= 1000 ? Math.Round(value) : Math.Round(value, value >= 10 ? 1 : 3);

    private sealed record Line(
        string Suite, string Name, double Value, string Unit, double? Baseline, double? Ratio, string? Aim, double? BytesPerOp);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(Line))]
    private sealed partial class Lines : JsonSerializerContext;
}
