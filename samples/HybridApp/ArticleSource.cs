namespace HybridApp;

/// <summary>Simulates a slow database, and counts its reads.</summary>
internal sealed class ArticleSource(TimeProvider time)
{
    private readonly Dictionary<int, string> _texts = [];
    private int _reads;

    public async Task<string> ReadAsync(int id, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        lock (_texts)
        {
            return $"{_texts.GetValueOrDefault(id, $"article {id}")}, read {++_reads}";
        }
    }

    public void Write(int id, string text)
    {
        lock (_texts)
        {
            _texts[id] = text;
        }
    }
}
