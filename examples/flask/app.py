"""A Flask application: a counter of words, and a table that is streamed while it is made."""
from collections import Counter

from flask import Flask, render_template, request

app = Flask(__name__)


@app.route('/', methods=['GET', 'POST'])
def index():
    text = request.form.get('text', '')
    return render_template('index.html', text=text, words=Counter(text.lower().split()).most_common(10))


@app.get('/table/<int:rows>')
def table(rows):
    lines = (f'{number},{number * number}\n' for number in range(1, rows + 1))
    return lines, {'Content-Type': 'text/csv'}
