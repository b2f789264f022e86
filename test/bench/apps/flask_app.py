"""Flask with a JSON answer."""
from flask import Flask, jsonify

application = Flask(__name__)


@application.get('/')
def index():
    return jsonify(id=42, name='Zoë', tags=['still', 'house'], active=True)
