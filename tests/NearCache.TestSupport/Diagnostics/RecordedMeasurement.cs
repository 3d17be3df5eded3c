namespace NearCache.TestSupport.Diagnostics;

/// <summary>One measurement.</summary>
/// <param name="Instrument">The instrument's name.</param>
/// <param name="Value">What was measured.</param>
/// <param name="Tags">Each as <c>name=value</c>.</param>
public sealed record RecordedMeasurement(string Instrument, double Value, IReadOnlyList<string> Tags)
{
    /// <summary>Whether it has all of these tags.</summary>
    public bool Has(params ReadOnlySpan<string> tags)
    {
        foreach (var tag in tags)
        {
            if (!Tags.Contains(tag))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Instrument} {Value} [{string.Join(", ", Tags)}]";
}
